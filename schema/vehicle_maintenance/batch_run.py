"""Which batch work is done: the one table of the batch programs that the exam does not show.

Its figure 1 leaves some tables out ("一部省略"). Two batch programs need one: result registration
(実施登録) and inspection rate update (点検率更新) add to what is there and find nothing in their
own tables that tells whether they have run. Each writes its row here in the transaction that does
the work, so that the row is there exactly when the work is, and the key refuses a second run.
"""

from sqlalchemy import CheckConstraint, Column, Date, Integer, String, Table

from schema.dialect import TABLE_OPTIONS
from schema.vehicle_maintenance.collection import metadata

batch_run = Table(
    "batch_run",
    metadata,
    Column("program_name", String(40), primary_key=True, comment="AP名"),
    Column("report_date", Date, primary_key=True, comment="報告YMD"),
    # The range of sort sequence numbers (ソート連番) that was done, as in exam figure 5.
    Column("first_sort_seq", Integer, primary_key=True, autoincrement=False, comment="開始連番"),
    Column("last_sort_seq", Integer, nullable=False, comment="終了連番"),
    CheckConstraint("first_sort_seq <= last_sort_seq", name="range_order"),
    comment="バッチ実行",
    **TABLE_OPTIONS,
)
