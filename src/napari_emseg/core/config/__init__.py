"""Every setting, declared once; a module for each thing that a person does.

Form, command-line option, check, error message and reference page are all made from these
declarations, so a default, a range or a help text is written here and nowhere else.
"""
