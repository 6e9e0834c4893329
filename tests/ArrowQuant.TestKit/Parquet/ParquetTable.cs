using System.Runtime.InteropServices;
using ParquetSharp;
using ParquetSharp.Schema;

namespace ArrowQuant.TestKit.Parquet;

/// <summary>
/// A table that is written column by column with exact physical types and level structures, so that fixtures look like the files of the
/// older writers (and bad ones like nothing that any writer made).
/// </summary>
public sealed class ParquetTable
{
    private readonly List<(Node Node, Action<RowGroupWriter, Range> Write)> _columns = [];
    private readonly int _rowCount;

    /// <summary>Begins a table of <paramref name="rowCount"/> rows.</summary>
    public ParquetTable(int rowCount) => _rowCount = rowCount;

    /// <summary>Adds a UTF-8 column.</summary>
    public ParquetTable Text(string name, IReadOnlyList<string?> values, bool nullable) =>
        Bytes(name, [.. values.Select(Utf8)], nullable, LogicalType.String());

    /// <summary>Adds a column of bytes without a logical type.</summary>
    public ParquetTable Binary(string name, IReadOnlyList<byte[]?> values, bool nullable) =>
        Bytes(name, values, nullable, LogicalType.None());

    /// <summary>Adds a signed 32-bit column.</summary>
    public ParquetTable Integers(string name, IReadOnlyList<long?> values, bool nullable) =>
        Flat(name, PhysicalType.Int32, LogicalType.None(), nullable, values, value => checked((int)value));

    /// <summary>Adds a 64-bit column, unsigned when asked.</summary>
    public ParquetTable LongIntegers(string name, IReadOnlyList<long?> values, bool nullable, bool nonNegative = false) =>
        Flat(name, PhysicalType.Int64, nonNegative ? LogicalType.Int(64, false) : LogicalType.None(), nullable, values, value => value);

    /// <summary>Adds a column of truth values.</summary>
    public ParquetTable Boolean(string name, IReadOnlyList<bool> values) =>
        Flat(name, PhysicalType.Boolean, LogicalType.None(), false, [.. values.Select(value => (bool?)value)], value => value);

    /// <summary>Adds a list of signed 32-bit numbers as pyarrow writes it: everything nullable.</summary>
    public ParquetTable NullableListOfIntegers(string name, IReadOnlyList<long?[]> rows) =>
        List(name, PhysicalType.Int32, LogicalType.None(), true, rows, value => checked((int)value));

    /// <summary>Adds a list of 64-bit numbers: signed and nullable, or as the Rust writer has them, unsigned and never null.</summary>
    public ParquetTable ListOfLongIntegers(string name, IReadOnlyList<long?[]> rows, bool nullable, bool nonNegative) =>
        List(name, PhysicalType.Int64, nonNegative ? LogicalType.Int(64, false) : LogicalType.None(), nullable, rows, value => value);

    /// <summary>Adds a list of floats that is never null.</summary>
    public ParquetTable ListOfFloat(string name, IReadOnlyList<float[]> rows) =>
        List<float, float>(name, PhysicalType.Float, LogicalType.None(), false, [.. rows.Select(Present)], value => value);

    /// <summary>Writes the file: dictionary on, no statistics.</summary>
    /// <param name="path">The file.</param>
    /// <param name="compression">The codec of every column.</param>
    /// <param name="rowsPerGroup">Rows in a row group; 0 for one group of all.</param>
    /// <param name="footer">Key-value metadata.</param>
    public void Write(string path, Compression compression, int rowsPerGroup = 0, IReadOnlyDictionary<string, string>? footer = null)
    {
        using GroupNode root = new("schema", Repetition.Required, [.. _columns.Select(column => column.Node)]);
        using WriterProperties properties = new WriterPropertiesBuilder().Compression(compression).DisableStatistics().EnableDictionary()
            .CreatedBy("fixture of an older writer").Build();
        using ParquetFileWriter writer = new(path, root, properties, footer);
        int step = rowsPerGroup == 0 ? Math.Max(_rowCount, 1) : rowsPerGroup;
        for (int first = 0; first < _rowCount; first += step)
        {
            using RowGroupWriter group = writer.AppendRowGroup();
            Range rows = first..Math.Min(first + step, _rowCount);
            foreach ((Node _, Action<RowGroupWriter, Range> write) in _columns) write(group, rows);
            group.Close();
        }

        writer.Close();
    }

    private static float?[] Present(float[] values) => [.. values.Select(value => (float?)value)];

    private static byte[]? Utf8(string? text) => text is null ? null : System.Text.Encoding.UTF8.GetBytes(text);

    private ParquetTable Flat<TValue, TPhysical>(
        string name, PhysicalType type, LogicalType logical, bool nullable, IReadOnlyList<TValue?> values, Func<TValue, TPhysical> convert)
        where TValue : struct
        where TPhysical : unmanaged
    {
        PrimitiveNode node = new(name, nullable ? Repetition.Optional : Repetition.Required, logical, type);
        _columns.Add((node, (group, rows) =>
        {
            TValue?[] some = [.. values.Take(rows)];
            using ColumnWriter<TPhysical> column = (ColumnWriter<TPhysical>)group.NextColumn();
            TPhysical[] physical = [.. some.OfType<TValue>().Select(convert)];
            if (nullable) column.WriteBatch(some.Length, [.. some.Select(value => (short)(value.HasValue ? 1 : 0))], [], physical);
            else column.WriteBatch(physical);
        }
        ));
        return this;
    }

    private ParquetTable List<TValue, TPhysical>(
        string name, PhysicalType type, LogicalType logical, bool nullable, IReadOnlyList<TValue?[]> rows, Func<TValue, TPhysical> convert)
        where TValue : struct
        where TPhysical : unmanaged
    {
        Repetition outer = nullable ? Repetition.Optional : Repetition.Required;
        PrimitiveNode item = new(nullable ? "element" : "item", outer, logical, type);
        GroupNode list = new("list", Repetition.Repeated, [item]);
        GroupNode node = new(name, outer, [list], LogicalType.List());
        short empty = (short)(nullable ? 1 : 0);
        short present = (short)(nullable ? 3 : 1);
        _columns.Add((node, (group, range) =>
        {
            List<short> definitions = [];
            List<short> repetitions = [];
            List<TPhysical> physical = [];
            foreach (TValue?[] row in rows.Take(range))
            {
                if (row.Length == 0)
                {
                    definitions.Add(empty);
                    repetitions.Add(0);
                }

                for (int i = 0; i < row.Length; i++)
                {
                    definitions.Add(row[i].HasValue ? present : (short)(present - 1));
                    repetitions.Add((short)(i == 0 ? 0 : 1));
                    if (row[i] is { } value) physical.Add(convert(value));
                }
            }

            using ColumnWriter<TPhysical> column = (ColumnWriter<TPhysical>)group.NextColumn();
            column.WriteBatch(
                definitions.Count,
                CollectionsMarshal.AsSpan(definitions),
                CollectionsMarshal.AsSpan(repetitions),
                CollectionsMarshal.AsSpan(physical));
        }
        ));
        return this;
    }

    private ParquetTable Bytes(string name, IReadOnlyList<byte[]?> values, bool nullable, LogicalType logical)
    {
        PrimitiveNode node = new(name, nullable ? Repetition.Optional : Repetition.Required, logical, PhysicalType.ByteArray);
        _columns.Add((node, (group, rows) =>
        {
            byte[]?[] some = [.. values.Take(rows)];
            List<GCHandle> pins = [];
            List<ByteArray> physical = [];
            foreach (byte[] value in some.OfType<byte[]>())
            {
                GCHandle pin = GCHandle.Alloc(value, GCHandleType.Pinned);
                pins.Add(pin);
                physical.Add(new ByteArray(pin.AddrOfPinnedObject(), value.Length));
            }

            using ColumnWriter<ByteArray> column = (ColumnWriter<ByteArray>)group.NextColumn();
            ReadOnlySpan<ByteArray> span = CollectionsMarshal.AsSpan(physical);
            if (nullable) column.WriteBatch(some.Length, [.. some.Select(value => (short)(value is null ? 0 : 1))], [], span);
            else column.WriteBatch(span);
            foreach (GCHandle pin in pins) pin.Free();
        }
        ));
        return this;
    }
}
