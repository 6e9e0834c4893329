using Apache.Arrow;
using Apache.Arrow.Types;
using ParquetSharp;
using ParquetSharp.Schema;

namespace ArrowQuant.Storage;

/// <summary>The column of packed codes and raw values: large_binary to Arrow readers, one value to a page.</summary>
internal sealed class DataColumn() : ArtefactColumn(ArtefactLayout.Data, optional: false)
{
    public override PhysicalType Physical => PhysicalType.ByteArray;

    public override Node CreateNode()
    {
        using LogicalType none = LogicalType.None();
        return new PrimitiveNode(Name, Repetition, none, Physical);
    }

    public override Field CreateField() => new(Name, LargeBinaryType.Default, Optional);

    public override unsafe void Write(ColumnWriter writer, IReadOnlyList<StoredRow> rows)
    {
        ColumnWriter<ByteArray> typed = (ColumnWriter<ByteArray>)writer;
        foreach (StoredRow row in rows)
        {
            // One value per batch: the library buffers a whole batch before it looks at the page size.
            fixed (byte* bytes = row.Data.Span) typed.WriteBatch([new ByteArray((IntPtr)bytes, row.Data.Length)]);
        }
    }

    public override void Read(ColumnReader reader, IReadOnlyList<StoredRow> rows) =>
        ColumnScan.Flat<ByteArray>(reader, rows.Count, (row, present, value) =>
        {
            if (!present) throw new InvalidDataException("has a row without a value");
            rows[row].Data = Copy(value);
        });

    /// <summary>Reads the value of one row, which must have <paramref name="length"/> bytes.</summary>
    /// <exception cref="InvalidDataException">The row is missing or has another length.</exception>
    public static byte[] ReadExact(ColumnReader reader, int row, long length)
    {
        if (reader is not ColumnReader<ByteArray> typed || reader.ColumnDescriptor.MaxRepetitionLevel != 0)
            throw new InvalidDataException($"holds {reader.Type} values");
        if (row > 0 && typed.Skip(row) != row) throw new InvalidDataException($"ends before row {row}");
        ByteArray[] value = new ByteArray[1];
        short[] level = new short[1];
        typed.ReadBatch(1, level, level, value, out long count);
        if (count != 1) throw new InvalidDataException($"has no value in row {row}");
        if (value[0].Length != length) throw new InvalidDataException($"has {value[0].Length} bytes instead of {length}");
        return Copy(value[0]);
    }

    private static unsafe byte[] Copy(ByteArray value) => new ReadOnlySpan<byte>((void*)value.Pointer, value.Length).ToArray();
}
