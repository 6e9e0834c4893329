using System.Text;

namespace ArrowQuant.TestKit.Parquet;

/// <summary>
/// One row of any Parquet file of flat and list columns: a value, null, or for a list an array of values. Text is UTF-8 bytes, as it is in
/// the file.
/// </summary>
public sealed class ParquetRow
{
    private readonly Dictionary<string, object?> _cells;

    internal ParquetRow(int rowGroup, Dictionary<string, object?> cells)
    {
        RowGroup = rowGroup;
        _cells = cells;
    }

    /// <summary>The row group that the row belongs to.</summary>
    public int RowGroup { get; }

    /// <summary>A row with the same cells; its arrays are its own.</summary>
    public ParquetRow Copy() => new(RowGroup, _cells.ToDictionary(
        cell => cell.Key, cell => cell.Value is Array values ? values.Clone() : cell.Value, StringComparer.Ordinal));

    /// <summary>The value of a column.</summary>
    public T Value<T>(string column) => (T)_cells[column]!;

    /// <summary>The text of a column, or null.</summary>
    public string? Text(string column) => _cells[column] is byte[] utf8 ? Encoding.UTF8.GetString(utf8) : null;

    /// <summary>The items of a list column.</summary>
    public T[] List<T>(string column) => [.. Value<object[]>(column).Cast<T>()];

    /// <summary>Puts a value of the type that is there, or null.</summary>
    public void Set(string column, object? value) => _cells[column] = value;

    /// <summary>Puts text.</summary>
    public void SetText(string column, string value) => _cells[column] = Encoding.UTF8.GetBytes(value);

    /// <summary>Puts the items of a list.</summary>
    public void SetList<T>(string column, IEnumerable<T> items)
        where T : unmanaged => _cells[column] = items.Select(item => (object)item).ToArray();

    internal object? Cell(string column) => _cells[column];
}
