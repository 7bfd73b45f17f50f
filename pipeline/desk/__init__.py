"""The desk: forms, what follows from their formulas, and the page on which a person checks what was read.

from pipeline.desk import load_form
from pipeline.reader import load

load().read("page.png", form=load_form("form.toml"))
"""

from pipeline.desk.forms.form import Form as Form
from pipeline.desk.forms.form import add_reference as add_reference
from pipeline.desk.forms.form import load_form as load_form
