using System.Text;
using Apache.Arrow;
using Apache.Arrow.Types;
using ParquetSharp;
using ParquetSharp.Schema;

namespace ArrowQuant.Storage;

/// <summary>A column of UTF-8 strings.</summary>
internal sealed class TextColumn(string name, bool optional, Func<StoredRow, string?> get, Action<StoredRow, string?> set)
    : ArtefactColumn(name, optional)
{
    // Strict: a name that is not valid Unicode must not be changed silently.
    private static readonly UTF8Encoding Utf8 = new(false, true);

    public override PhysicalType Physical => PhysicalType.ByteArray;

    public override Node CreateNode()
    {
        using LogicalType logical = LogicalType.String();
        return new PrimitiveNode(Name, Repetition, logical, Physical);
    }

    public override Field CreateField() => new(Name, StringType.Default, Optional);

    public override unsafe void Write(ColumnWriter writer, IReadOnlyList<StoredRow> rows)
    {
        byte[] bytes = new byte[rows.Sum(row => Utf8.GetByteCount(get(row) ?? ""))];
        List<ByteArray> values = new(rows.Count);
        short[] definitions = new short[rows.Count];
        fixed (byte* start = bytes)
        {
            int offset = 0;
            for (int i = 0; i < rows.Count; i++)
            {
                if (get(rows[i]) is not { } text) continue;
                int length = Utf8.GetBytes(text, bytes.AsSpan(offset));
                values.Add(new ByteArray((IntPtr)(start + offset), length));
                definitions[i] = 1;
                offset += length;
            }

            ColumnWriter<ByteArray> typed = (ColumnWriter<ByteArray>)writer;
            if (Optional) typed.WriteBatch(rows.Count, definitions, default, values.ToArray());
            else typed.WriteBatch(values.ToArray());
        }
    }

    public override void Read(ColumnReader reader, IReadOnlyList<StoredRow> rows)
    {
        string? last = null; // most text repeats from row to row: share the string
        ColumnScan.Flat<ByteArray>(reader, rows.Count, (row, present, value) =>
        {
            if (!present && !Optional) throw new InvalidDataException("has a row without a value");
            string? text = present ? Decode(value) : null;
            last = text == last ? last : text;
            set(rows[row], last);
        });
    }

    private static unsafe string Decode(ByteArray value)
    {
        try
        {
            return Utf8.GetString(new ReadOnlySpan<byte>((void*)value.Pointer, value.Length));
        }
        catch (ArgumentException e)
        {
            throw new InvalidDataException("holds text that is not UTF-8", e);
        }
    }
}
