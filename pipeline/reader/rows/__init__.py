"""A row of writing, read as a whole: line images, connectionist temporal classification (CTC), patterns, spans."""
