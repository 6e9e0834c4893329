using Apache.Arrow;
using Apache.Arrow.Types;
using ParquetSharp;
using ParquetSharp.Schema;

namespace ArrowQuant.Storage;

/// <summary>A column of numbers or flags, one or none per row.</summary>
/// <typeparam name="T">The physical type of the values.</typeparam>
internal sealed class ValueColumn<T>(
    string name,
    bool optional,
    ValueColumnType type,
    Func<StoredRow, T?> get,
    Action<StoredRow, T?> set) : ArtefactColumn(name, optional)
    where T : unmanaged
{
    public override PhysicalType Physical => type.Physical;

    public override Node CreateNode()
    {
        using LogicalType logical = type.CreateLogical();
        return new PrimitiveNode(Name, Repetition, logical, Physical);
    }

    public override Field CreateField() => new(Name, type.Arrow, Optional);

    public override void Write(ColumnWriter writer, IReadOnlyList<StoredRow> rows)
    {
        ColumnWriter<T> typed = (ColumnWriter<T>)writer;
        List<T> values = new(rows.Count);
        short[] definitions = new short[rows.Count];
        for (int i = 0; i < rows.Count; i++)
        {
            if (get(rows[i]) is not { } value) continue;
            values.Add(value);
            definitions[i] = 1;
        }

        if (Optional) typed.WriteBatch(rows.Count, definitions, default, values.ToArray());
        else typed.WriteBatch(values.ToArray());
    }

    public override void Read(ColumnReader reader, IReadOnlyList<StoredRow> rows) =>
        ColumnScan.Flat<T>(reader, rows.Count, (row, present, value) =>
        {
            if (!present && !Optional) throw new InvalidDataException("has a row without a value");
            set(rows[row], present ? value : null);
        });
}

/// <summary>How the values of a column are typed in Parquet and in Arrow.</summary>
internal sealed record ValueColumnType(PhysicalType Physical, Func<LogicalType> CreateLogical, ArrowType Arrow)
{
    public static ValueColumnType UInt64 { get; } = new(PhysicalType.Int64, () => LogicalType.Int(64, false), UInt64Type.Default);

    public static ValueColumnType UInt8 { get; } = new(PhysicalType.Int32, () => LogicalType.Int(8, false), UInt8Type.Default);

    public static ValueColumnType Flag { get; } = new(PhysicalType.Boolean, LogicalType.None, BooleanType.Default);

    public static ValueColumnType Real { get; } = new(PhysicalType.Double, LogicalType.None, DoubleType.Default);

    public static ValueColumnType Single { get; } = new(PhysicalType.Float, LogicalType.None, FloatType.Default);
}
