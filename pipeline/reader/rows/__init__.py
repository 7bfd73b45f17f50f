"""A row of writing, read as a whole: strips, connectionist temporal classification (CTC), patterns, spans."""
