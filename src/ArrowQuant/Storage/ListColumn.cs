using Apache.Arrow;
using Apache.Arrow.Types;
using ParquetSharp;
using ParquetSharp.Schema;

namespace ArrowQuant.Storage;

/// <summary>A column of lists in the three-level form that every Arrow, DuckDB and pandas version reads: name.list.element.</summary>
/// <typeparam name="T">The physical type of the elements.</typeparam>
internal sealed class ListColumn<T>(
    string name,
    bool optional,
    ValueColumnType elementType,
    Func<StoredRow, T[]?> get,
    Action<StoredRow, T[]> set) : ArtefactColumn(name, optional)
    where T : unmanaged
{
    private const string Repeated = "list";
    private const string Element = "element";

    public override PhysicalType Physical => elementType.Physical;

    public override string LeafPath => $"{Name}.{Repeated}.{Element}";

    public override Node CreateNode()
    {
        using LogicalType elementLogical = elementType.CreateLogical();
        using LogicalType list = LogicalType.List();
        using PrimitiveNode element = new(Element, Repetition.Required, elementLogical, Physical);
        using GroupNode repeated = new(Repeated, Repetition.Repeated, [element]);
        return new GroupNode(Name, Repetition, [repeated], list);
    }

    public override Field CreateField() => new(Name, new ListType(new Field(Element, elementType.Arrow, false)), Optional);

    public override void Write(ColumnWriter writer, IReadOnlyList<StoredRow> rows)
    {
        ColumnWriter<T> typed = (ColumnWriter<T>)writer;
        short empty = (short)(Optional ? 1 : 0);
        int longest = rows.Max(row => Math.Max(1, get(row)?.Length ?? 0));
        short[] definitions = new short[longest];
        short[] repetitions = new short[longest];
        repetitions.AsSpan(1).Fill(1);
        foreach (StoredRow row in rows)
        {
            T[]? values = get(row);
            int levels = Math.Max(1, values?.Length ?? 0);
            short definition = values is null ? (short)0 : values.Length == 0 ? empty : (short)(empty + 1);
            definitions.AsSpan(0, levels).Fill(definition);
            typed.WriteBatch(levels, definitions.AsSpan(0, levels), repetitions.AsSpan(0, levels), values);
        }
    }

    public override void Read(ColumnReader reader, IReadOnlyList<StoredRow> rows)
    {
        List<T>[] lists = [.. rows.Select(_ => new List<T>())];
        ColumnScan.Lists<T>(reader, rows.Count, (row, present, value) =>
        {
            if (present) lists[row].Add(value);
        });
        for (int i = 0; i < rows.Count; i++) set(rows[i], [.. lists[i]]);
    }

    /// <summary>Reads only the lists, of which row i must have <paramref name="lengths"/>[i] elements.</summary>
    /// <exception cref="InvalidDataException">The chunk has other rows.</exception>
    /// <exception cref="ListLengthException">A list has another length.</exception>
    public static T[][] ReadExact(ColumnReader reader, IReadOnlyList<int> lengths)
    {
        List<T> current = [];
        T[][] lists = new T[lengths.Count][];
        int open = 0;
        ColumnScan.Lists<T>(reader, lengths.Count, (row, present, value) =>
        {
            if (row != open) Close();
            if (!present) return;
            if (current.Count == lengths[row]) throw new ListLengthException(row, $"more than {lengths[row]}");
            current.Add(value);
        });
        if (lengths.Count > 0) Close();
        return lists;

        void Close()
        {
            if (current.Count != lengths[open]) throw new ListLengthException(open, $"{current.Count}");
            lists[open++] = [.. current];
            current.Clear();
        }
    }
}

/// <summary>A stored list has another length than its row says. Becomes a failure that names the tensor.</summary>
internal sealed class ListLengthException(int row, string found) : Exception($"row {row} has {found} elements")
{
    public int Row { get; } = row;

    public string Found { get; } = found;
}
