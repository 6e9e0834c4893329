using ArrowQuant.Errors;

namespace ArrowQuant.Sources.Parquet;

/// <summary>The work of opening a model: reading the rows of its files, choosing among files, and telling what each row holds.</summary>
/// <param name="largestPage">The most bytes that a page may take, as <see cref="ParquetFile.Open"/> understands it.</param>
internal sealed class ParquetModelOpening(long? largestPage) : IDisposable
{
    private readonly DataCursor _cursor = new(largestPage);
    private readonly List<string> _notes = [];

    /// <summary>Facts that the user should know, one line each.</summary>
    public IReadOnlyList<string> Notes => [.. _notes.Select(ParquetFailure.OneLine)];

    /// <summary>Reads the rows of the files that are the model; null when one of them was written by this tool.</summary>
    /// <exception cref="ModelFormatException">A file is damaged or of another kind, or several could be the model.</exception>
    public IReadOnlyList<ModelRow>? ReadFiles(IReadOnlyList<string> files)
    {
        // A file with the name of a whole model goes first; only when it proves to be one tensor of many are the others looked at.
        List<ModelFile> read = [];
        foreach (string file in files.Where(ParquetModelFiles.IsMainName))
        {
            if (ReadFile(file) is not { } model) return null;
            read.Add(model);
        }

        List<ModelFile> whole = read.FindAll(model => !model.Layout.IsOneTensorPerFile());
        if (whole.Count == 1) return whole[0].Rows;
        if (whole.Count == 0)
        {
            foreach (string file in files.Where(file => !ParquetModelFiles.IsMainName(file)))
            {
                if (ReadFile(file) is not { } model) return null;
                read.Add(model);
            }

            whole = read.FindAll(model => !model.Layout.IsOneTensorPerFile());
        }

        if (whole.Count > 0 && read.Count > 1) throw Ambiguous(read, whole[0]);
        List<ModelRow> rows = [.. read.OrderBy(model => model.Path, StringComparer.Ordinal).SelectMany(model => model.Rows)];
        return rows.Count <= ModelRowReader.MaxRows ? rows
            : throw ParquetFailure.Error(
                Path.GetDirectoryName(files[0])!, $"holds {rows.Count} rows, expected at most {ModelRowReader.MaxRows}");
    }

    /// <summary>Tells what each row holds, in order.</summary>
    /// <exception cref="ModelFormatException">A row contradicts itself, its weights are lost, or two rows have one name.</exception>
    public IReadOnlyList<StoredTensor> Interpret(IReadOnlyList<ModelRow> rows)
    {
        Dictionary<string, ModelRow> byName = new(StringComparer.Ordinal);
        List<StoredTensor> tensors = new(rows.Count);
        foreach (ModelRow row in rows)
        {
            if (!byName.TryAdd(row.Name, row))
            {
                string other = byName[row.Name].Address.FilePath;
                string where = other == row.Address.FilePath ? "twice" : $"and so does '{other}'";
                throw RowRules.Error(row, $"holds a tensor '{row.Name}' {where}; expected each name once");
            }

            tensors.Add(ParquetFailure.Map(row.Address.FilePath, row.Name, () => Interpret(row)));
        }

        return tensors;
    }

    /// <inheritdoc/>
    public void Dispose() => _cursor.Dispose();

    private StoredTensor Interpret(ModelRow row) => row.Layout switch
    {
        ParquetLayout.V1 => PythonRowRules.V1(row),
        ParquetLayout.V2Python => PythonRowRules.V2(row, _notes),
        _ => RustRowRules.Read(row, address => _cursor.Measure(address, row.Name), _notes),
    };

    private ModelFile? ReadFile(string path)
    {
        using ParquetFile file = ParquetFile.Open(path, largestPage);
        if (file.IsOwnArtefact) return null;
        ParquetLayout layout = ParquetFailure.Map(path, null, () => ParquetLayouts.Detect(file));
        List<ModelRow> rows = ModelRowReader.ReadAll(file, layout);
        if (layout.IsOneTensorPerFile() && rows.Count > 1)
        {
            _notes.Add($"'{path}' holds {rows.Count} rows, expected 1 ({layout.Title()} has one tensor a file); only the first is read");
            rows.RemoveRange(1, rows.Count - 1);
        }

        return new ModelFile(path, layout, rows);
    }

    private static ModelFormatException Ambiguous(List<ModelFile> files, ModelFile whole)
    {
        string folder = Path.GetDirectoryName(whole.Path) ?? whole.Path;
        string names = string.Join(", ", files.Take(10).Select(file => Path.GetFileName(file.Path)));
        string more = files.Count > 10 ? $" and {files.Count - 10} more" : "";
        return ParquetFailure.Error(
            folder,
            $"holds several Parquet models ({names}{more}), and {Path.GetFileName(whole.Path)} is a whole model "
            + $"({whole.Layout.Title()}); name one file");
    }

    private sealed record ModelFile(string Path, ParquetLayout Layout, List<ModelRow> Rows);
}
