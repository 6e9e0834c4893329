using System.Text;
using ArrowQuant.Errors;
using ParquetSharp;

namespace ArrowQuant.Sources.Parquet;

/// <summary>
/// Reads the small columns of one file (everything but <c>data</c>), row by row, through the physical reader. What is allocated follows
/// what was really read, never a count in a header; runs of repeated values make tiny files with huge contents, hence the budget.
/// </summary>
internal sealed class ColumnValues(ParquetFile file)
{
    private const int BatchLevels = 1024;
    private const long BudgetBytes = 1L << 30;

    private static readonly UTF8Encoding StrictUtf8 = new(false, throwOnInvalidBytes: true);

    private long _bytes;

    /// <summary>One text per row, null where the row has none.</summary>
    public List<string?> Texts(int rowGroup, string column) =>
        Single(Rows<ByteArray, string>(rowGroup, column, 1, value => Text(value)));

    /// <summary>The bytes of each row; empty where the row has none.</summary>
    public List<byte[]> Binaries(int rowGroup, string column) =>
        [.. Single(Rows<ByteArray, byte[]>(rowGroup, column, 1, value => Bytes(value))).Select(value => value ?? [])];

    /// <summary>One number per row, null where the row has none.</summary>
    public List<long?> Integers(int rowGroup, string column) =>
        [.. Longs(rowGroup, column, 1, wantList: false).Select(row => row.Count == 0 ? (long?)null : row[0])];

    /// <summary>One truth value per row, false where the row has none.</summary>
    public List<bool> Booleans(int rowGroup, string column) =>
        [.. Rows<bool, bool>(rowGroup, column, 1, value => value).Select(row => row.Count > 0 && row[0])];

    /// <summary>A list of at most <paramref name="limit"/> numbers per row.</summary>
    public List<List<long>> IntegerLists(int rowGroup, string column, int limit) => Longs(rowGroup, column, limit, wantList: true);

    /// <summary>A list of at most <paramref name="limit"/> floats per row.</summary>
    public List<List<float>> FloatLists(int rowGroup, string column, int limit) =>
        Rows<float, float>(rowGroup, column, limit, value => value, wantList: true);

    private List<List<long>> Longs(int rowGroup, string column, int limit, bool wantList)
    {
        ColumnDescriptor descriptor = file.Descriptor(column);
        if (descriptor.PhysicalType != PhysicalType.Int32)
            return Rows<long, long>(rowGroup, column, limit, value => value, wantList);
        using LogicalType logical = descriptor.LogicalType;
        bool unsigned = logical is IntLogicalType { IsSigned: false };
        return Rows<int, long>(rowGroup, column, limit, value => unsigned ? (uint)value : value, wantList);
    }

    private static List<T?> Single<T>(List<List<T>> rows)
        where T : class => [.. rows.Select(row => row.Count == 0 ? null : row[0])];

    private List<List<TValue>> Rows<TPhysical, TValue>(
        int rowGroup, string column, int limit, Func<TPhysical, TValue> convert, bool wantList = false)
        where TPhysical : unmanaged
    {
        ColumnDescriptor descriptor = file.Descriptor(column);
        bool isList = descriptor.MaxRepetitionLevel > 0;
        if (isList != wantList || descriptor.MaxRepetitionLevel > 1)
        {
            throw file.Error($"has a column '{column}' of {(isList ? "lists" : "single values")}, "
                + $"expected {(wantList ? "a flat list" : "single values")}");
        }

        using RowGroupReader group = file.RowGroup(rowGroup);
        using ColumnReader reader = file.Column(group, rowGroup, column);
        if (reader is not ColumnReader<TPhysical> typed)
        {
            throw file.Error($"has a column '{column}' of physical type {descriptor.PhysicalType}, expected {TypeName<TPhysical>()}");
        }

        List<List<TValue>> rows = [];
        short[] definitions = new short[BatchLevels];
        short[] repetitions = new short[BatchLevels];
        TPhysical[] values = new TPhysical[BatchLevels];
        while (typed.HasNext)
        {
            long levels = typed.ReadBatch(BatchLevels, definitions, repetitions, values, out long valueCount);
            if (levels == 0 && valueCount == 0) break;
            int value = 0;
            // A column that is never null has no definition levels: then every level is a value.
            long count = descriptor.MaxDefinitionLevel == 0 ? valueCount : levels;
            for (int i = 0; i < count; i++)
            {
                if (!isList || repetitions[i] == 0) rows.Add([]);
                if (rows.Count == 0 || rows.Count > ModelRowReader.MaxRows)
                    throw file.Error($"has more than {ModelRowReader.MaxRows} rows in column '{column}', expected one per tensor");
                if (descriptor.MaxDefinitionLevel == 0 || definitions[i] == descriptor.MaxDefinitionLevel)
                {
                    List<TValue> row = rows[^1];
                    if (row.Count >= limit)
                        throw file.Error($"has more than {limit} values in row {rows.Count - 1} of column '{column}'");
                    row.Add(convert(values[value++]));
                    Spend(sizeof(long), column);
                }
                else if (isList && IsNullElement(descriptor, definitions[i]))
                {
                    throw file.Error($"has a null inside the list in row {rows.Count - 1} of column '{column}', expected numbers");
                }
            }
        }

        return rows;
    }

    private static bool IsNullElement(ColumnDescriptor descriptor, short definition)
    {
        using ParquetSharp.Schema.Node node = descriptor.SchemaNode;
        return node.Repetition == Repetition.Optional && definition == descriptor.MaxDefinitionLevel - 1;
    }

    private string Text(ByteArray value)
    {
        Spend(value.Length, "text");
        return StrictUtf8.GetString(AsSpan(value));
    }

    private byte[] Bytes(ByteArray value)
    {
        Spend(value.Length, "scales");
        return AsSpan(value).ToArray();
    }

    /// <summary>The bytes that a value points at; valid until the reader moves on.</summary>
    public static unsafe ReadOnlySpan<byte> AsSpan(ByteArray value) => new((void*)value.Pointer, value.Length);

    private void Spend(long bytes, string column)
    {
        _bytes += bytes;
        if (_bytes > BudgetBytes)
            throw file.Error($"has more than {BudgetBytes} bytes beside 'data' (at '{column}'), expected names, shapes and scales");
    }

    private static string TypeName<TPhysical>() =>
        typeof(TPhysical) == typeof(ByteArray) ? "ByteArray"
        : typeof(TPhysical) == typeof(long) ? "Int64 or Int32"
        : typeof(TPhysical) == typeof(bool) ? "Boolean" : "Float";
}
