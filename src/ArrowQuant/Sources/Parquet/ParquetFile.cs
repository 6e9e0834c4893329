using System.Buffers.Binary;
using ArrowQuant.Errors;
using ArrowQuant.Storage;
using Microsoft.Win32.SafeHandles;
using ParquetSharp;

namespace ArrowQuant.Sources.Parquet;

/// <summary>An open Parquet file: its footer and its columns by name. Not thread-safe.</summary>
internal sealed class ParquetFile : IDisposable
{
    private const int SmallestFile = 12;
    private const string FormatKey = "arrowquant.format";

    private readonly ParquetPages _pages;
    private readonly ParquetFileReader _reader;
    private readonly FileMetaData _metaData;
    private readonly Dictionary<string, int> _columns = new(StringComparer.Ordinal);

    private ParquetFile(string path, long? largestPage)
    {
        Path = path;
        CheckEnvelope(path);
        _pages = ParquetPages.Open(path, largestPage);
        try
        {
            _reader = OpenReader(path);
            _metaData = _reader.FileMetaData;
            for (int i = 0; i < _metaData.NumColumns; i++)
            {
                string name = RootName(_metaData.Schema.Column(i));
                if (!_columns.TryAdd(name, i)) _columns[name] = Several;
            }
        }
        catch
        {
            _metaData?.Dispose();
            _reader?.Dispose();
            _pages.Dispose();
            throw;
        }
    }

    private static ParquetFileReader OpenReader(string path)
    {
        using ReaderProperties properties = ParquetMemory.BufferedReader();
        return new ParquetFileReader(path, properties);
    }

    /// <summary>Stands for a column that is a group of several leaves, or named twice.</summary>
    private const int Several = -1;

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>Row groups in the file.</summary>
    public int RowGroupCount => _metaData.NumRowGroups;

    /// <summary>The top-level columns.</summary>
    public IReadOnlyCollection<string> ColumnNames => _columns.Keys;

    /// <summary>True when the footer says that this tool wrote the file.</summary>
    public bool IsOwnArtefact => _metaData.KeyValueMetadata.ContainsKey(FormatKey);

    /// <summary>Opens the file and reads its footer.</summary>
    /// <param name="path">The file.</param>
    /// <param name="largestPage">The most bytes that a page may take, as <see cref="ParquetPages.Open"/> understands it.</param>
    /// <exception cref="ModelFormatException">The file is cut off, encrypted, damaged, or no Parquet file.</exception>
    public static ParquetFile Open(string path, long? largestPage = null) =>
        ParquetFailure.Map(path, null, () => new ParquetFile(path, largestPage));

    /// <summary>True when there is a top-level column of this name.</summary>
    public bool Has(string column) => _columns.ContainsKey(column);

    /// <summary>True when the column holds lists.</summary>
    public bool IsList(string column) => Descriptor(column).MaxRepetitionLevel > 0;

    /// <summary>The leaf of a column that must exist once.</summary>
    public ColumnDescriptor Descriptor(string column) => _metaData.Schema.Column(IndexOf(column));

    /// <summary>The number of the column's leaf.</summary>
    public int IndexOf(string column) =>
        _columns.TryGetValue(column, out int index) && index != Several ? index
        : throw Error($"must hold the column '{column}' once, as values or as a flat list");

    /// <summary>Opens a row group.</summary>
    public RowGroupReader RowGroup(int index) => _reader.RowGroup(index);

    /// <summary>Opens a column of a row group after its page headers were checked.</summary>
    public ColumnReader Column(RowGroupReader group, int rowGroup, string column)
    {
        CheckPages(rowGroup, column);
        return group.Column(IndexOf(column));
    }

    /// <summary>Checks the page headers of a column.</summary>
    public void CheckPages(int rowGroup, string column) => _pages.Check(rowGroup, IndexOf(column));

    /// <summary>Makes an error that begins with the file and continues with <paramref name="message"/>.</summary>
    public ModelFormatException Error(string message, string? tensor = null) =>
        ParquetFailure.Error(Path, message, tensor);

    /// <inheritdoc/>
    public void Dispose()
    {
        _metaData.Dispose();
        _reader.Dispose();
        _pages.Dispose();
    }

    private static string RootName(ColumnDescriptor column)
    {
        using ParquetSharp.Schema.ColumnPath path = column.Path;
        return path.ToDotVector()[0];
    }

    // The native reader says little of what is wrong with a file; the four commonest accidents are told apart here.
    private static void CheckEnvelope(string path)
    {
        using SafeFileHandle handle = RegularFile.Open(path);
        long length = RandomAccess.GetLength(handle);
        Span<byte> head = stackalloc byte[4];
        Span<byte> tail = stackalloc byte[8];
        bool readable = length >= SmallestFile
            && RandomAccess.Read(handle, head, 0) == head.Length && RandomAccess.Read(handle, tail, length - tail.Length) == tail.Length;
        if (!readable)
            throw ParquetFailure.Error(path, $"is not a Parquet file: it has {length} bytes, the smallest has {SmallestFile}");
        if (head.SequenceEqual("PARE"u8) || tail[4..].SequenceEqual("PARE"u8))
            throw ParquetFailure.Error(path, "is an encrypted Parquet file; decrypt it first");
        if (!head.SequenceEqual("PAR1"u8))
            throw ParquetFailure.Error(path, $"is not a Parquet file: it begins with {Convert.ToHexString(head)}, not 50415231 (PAR1)");
        if (!tail[4..].SequenceEqual("PAR1"u8))
            throw ParquetFailure.Error(path, $"is cut off: its {length} bytes do not end with PAR1; copy it again");
        uint footer = BinaryPrimitives.ReadUInt32LittleEndian(tail);
        if (footer > length - SmallestFile)
            throw ParquetFailure.Error(path, $"is damaged: it names a footer of {footer} bytes in a file of {length} bytes");
    }
}
