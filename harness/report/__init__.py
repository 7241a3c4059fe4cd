"""What people and programs read: tables, drawings, documents, and the folder of runs.

Results go to stdout, progress to stderr. A report states what was seen; it concludes nothing anew.
"""
