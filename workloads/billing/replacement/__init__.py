"""The bulk deletion replaced (exam table 1): what stays is loaded anew, and nothing is deleted.

The wording of table 1 is lost; its five steps follow from the text: ① extract the rows that stay,
② empty the tables, ③ load 請求 without a log, ④ load 請求明細 without a log, ⑤ take a full image
copy, after which the tables take everything again. Two ways to do that are here, and a third for
tables that are in partitions:

- *in place*, as the exam has it: the tables themselves are emptied and loaded;
- *swap*: new tables are loaded beside them and take their places in one go, so that readers are let
  in nearly all the time, and a crash in any step leaves the old tables as they were;
- *partitions*: last month's bills are a partition of their own, and what stays of them is copied
  into a table that takes its place; this month's bills are not touched.
"""
