using System.Runtime.InteropServices;
using ParquetSharp;
using ParquetSharp.Schema;

namespace ArrowQuant.TestKit.Parquet;

/// <summary>
/// A whole Parquet file as rows that can be changed, left out or repeated, and written again as a well-formed file with the same schema and
/// footer keys. It knows nothing of what the columns mean.
/// </summary>
public sealed class ParquetRows
{
    private readonly Dictionary<string, string> _footer;

    private ParquetRows(List<ParquetRow> rows, Dictionary<string, string> footer)
    {
        Rows = rows;
        _footer = footer;
    }

    /// <summary>The rows in the order of the file.</summary>
    public IList<ParquetRow> Rows { get; }

    /// <summary>Key-value metadata.</summary>
    public IDictionary<string, string> Footer => _footer;

    /// <summary>Reads a file.</summary>
    public static ParquetRows Read(string path)
    {
        using ParquetFileReader reader = new(path);
        using FileMetaData footer = reader.FileMetaData;
        List<ParquetRow> rows = [];
        for (int g = 0; g < footer.NumRowGroups; g++)
        {
            using RowGroupReader group = reader.RowGroup(g);
            Dictionary<string, object?>[] cells =
                [.. Enumerable.Range(0, (int)group.MetaData.NumRows).Select(_ => new Dictionary<string, object?>(StringComparer.Ordinal))];
            for (int c = 0; c < group.MetaData.NumColumns; c++)
            {
                using ColumnReader column = group.Column(c);
                string name = NameOf(column.ColumnDescriptor);
                object?[] values = ReadColumn(column, cells.Length);
                for (int row = 0; row < cells.Length; row++) cells[row].Add(name, values[row]);
            }

            int number = g;
            rows.AddRange(cells.Select(row => new ParquetRow(number, row)));
        }

        return new ParquetRows(rows, footer.KeyValueMetadata.ToDictionary(StringComparer.Ordinal));
    }

    /// <summary>Writes the rows in place of the file that they were read from.</summary>
    public void Replace(string path)
    {
        string changed = path + ".changed";
        using (ParquetFileReader reader = new(path))
        {
            using FileMetaData footer = reader.FileMetaData;
            using WriterProperties properties = new WriterPropertiesBuilder().Compression(Compression.Zstd)
                .Compression("data", Compression.Uncompressed).DisableDictionary().DisableStatistics().Build();
            GroupNode schema = footer.Schema.GroupNode;
            using ParquetFileWriter writer = new(changed, schema, properties, _footer);
            foreach (IGrouping<int, ParquetRow> group in Rows.GroupBy(row => row.RowGroup)) Write(writer, [.. group]);
            writer.Close();
        }

        File.Move(changed, path, overwrite: true);
    }

    private static string NameOf(ColumnDescriptor column) => column.Path.ToDotVector()[0];

    private static object?[] ReadColumn(ColumnReader column, int rows) => column switch
    {
        ColumnReader<bool> flags => ReadColumn(flags, rows, value => value),
        ColumnReader<int> integers => ReadColumn(integers, rows, value => value),
        ColumnReader<long> integers => ReadColumn(integers, rows, value => value),
        ColumnReader<float> numbers => ReadColumn(numbers, rows, value => value),
        ColumnReader<double> numbers => ReadColumn(numbers, rows, value => value),
        ColumnReader<ByteArray> bytes => ReadColumn(bytes, rows, BytesOf),
        _ => throw new NotSupportedException($"column {NameOf(column.ColumnDescriptor)} has type {column.Type}"),
    };

    // One value at a time: what the reader hands out of byte columns lives until the next call only.
    private static object?[] ReadColumn<T>(ColumnReader<T> column, int rows, Func<T, object> convert)
        where T : unmanaged
    {
        short most = column.ColumnDescriptor.MaxDefinitionLevel;
        bool isList = column.ColumnDescriptor.MaxRepetitionLevel > 0;
        List<object?> cells = [];
        short[] definition = [most];
        short[] repetition = [0];
        T[] value = new T[1];
        while (column.HasNext)
        {
            if (column.ReadBatch(1, definition, repetition, value, out long read) == 0) break;
            object? item = read == 0 ? null : convert(value[0]);
            if (!isList) cells.Add(item);
            else if (repetition[0] > 0) ((List<object>)cells[^1]!).Add(item!);
            else if (item is not null) cells.Add(new List<object> { item });
            else cells.Add(definition[0] == most - 1 ? new List<object>() : null);
        }

        if (cells.Count != rows) throw new InvalidDataException($"{cells.Count} rows in a group of {rows}");
        return [.. cells.Select(cell => cell is List<object> items ? items.ToArray() : cell)];
    }

    private static byte[] BytesOf(ByteArray value)
    {
        byte[] bytes = new byte[value.Length];
        if (bytes.Length > 0) Marshal.Copy(value.Pointer, bytes, 0, bytes.Length);
        return bytes;
    }

    private static void Write(ParquetFileWriter writer, ParquetRow[] rows)
    {
        using RowGroupWriter group = writer.AppendRowGroup();
        for (int c = 0; c < group.NumColumns; c++)
        {
            using ColumnWriter column = group.NextColumn();
            string name = NameOf(column.ColumnDescriptor);
            object?[] cells = [.. rows.Select(row => row.Cell(name))];
            switch (column)
            {
                case ColumnWriter<bool> flags:
                    WriteColumn(flags, cells, value => (bool)value);
                    break;
                case ColumnWriter<int> integers:
                    WriteColumn(integers, cells, value => (int)value);
                    break;
                case ColumnWriter<long> integers:
                    WriteColumn(integers, cells, value => (long)value);
                    break;
                case ColumnWriter<float> numbers:
                    WriteColumn(numbers, cells, value => (float)value);
                    break;
                case ColumnWriter<double> numbers:
                    WriteColumn(numbers, cells, value => (double)value);
                    break;
                default:
                    WriteBytes((ColumnWriter<ByteArray>)column, cells);
                    break;
            }
        }

        group.Close();
    }

    private static void WriteBytes(ColumnWriter<ByteArray> column, object?[] cells)
    {
        List<GCHandle> pins = [];
        WriteColumn(column, cells, value =>
        {
            GCHandle pin = GCHandle.Alloc(value, GCHandleType.Pinned);
            pins.Add(pin);
            return new ByteArray(pin.AddrOfPinnedObject(), ((byte[])value).Length);
        });
        foreach (GCHandle pin in pins) pin.Free();
    }

    private static void WriteColumn<T>(ColumnWriter<T> column, object?[] cells, Func<object, T> convert)
        where T : unmanaged
    {
        short most = column.ColumnDescriptor.MaxDefinitionLevel;
        bool isList = column.ColumnDescriptor.MaxRepetitionLevel > 0;
        List<short> definitions = [];
        List<short> repetitions = [];
        List<T> values = [];
        foreach (object? cell in cells)
        {
            object[] items = cell is null ? [] : cell is object[] list ? list : [cell];
            if (items.Length == 0)
            {
                definitions.Add(isList && cell is not null ? (short)(most - 1) : (short)0);
                repetitions.Add(0);
            }

            for (int i = 0; i < items.Length; i++)
            {
                definitions.Add(most);
                repetitions.Add((short)(i == 0 ? 0 : 1));
                values.Add(convert(items[i]));
            }
        }

        column.WriteBatch(
            definitions.Count,
            most > 0 ? CollectionsMarshal.AsSpan(definitions) : [],
            isList ? CollectionsMarshal.AsSpan(repetitions) : [],
            CollectionsMarshal.AsSpan(values));
    }
}
