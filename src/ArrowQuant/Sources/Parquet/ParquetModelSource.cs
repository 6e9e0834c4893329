using ArrowQuant.Errors;
using ArrowQuant.Storage;
using ArrowQuant.Tensors;
using Microsoft.Win32.SafeHandles;

namespace ArrowQuant.Sources.Parquet;

/// <summary>
/// A model in one of the older Parquet layouts: one file of many rows (V1, V2 of the Python writer) or a folder with one file per tensor
/// (V2, V2 Extended of the Rust writer). Opening reads everything but the data; files are opened again when their data are read.
/// </summary>
internal sealed class ParquetModelSource : IModelSource
{
    private readonly Dictionary<string, StoredTensor> _stored;
    private readonly StoredValueCache _cache;

    private ParquetModelSource(string path, IReadOnlyList<StoredTensor> tensors, ModelDescription description, long? largestPage)
    {
        _cache = new StoredValueCache(largestPage);
        Path = path;
        Description = description;
        Tensors = [.. tensors.Select(tensor => tensor.Info)];
        _stored = tensors.ToDictionary(tensor => tensor.Info.Name, StringComparer.Ordinal);
    }

    /// <inheritdoc/>
    public string Path { get; }

    /// <inheritdoc/>
    public IReadOnlyList<TensorInfo> Tensors { get; }

    /// <inheritdoc/>
    public ModelDescription Description { get; }

    /// <summary>True when the path looks like a Parquet model; opening it decides.</summary>
    public static bool CanOpen(string fileOrFolder) => ParquetModelFiles.Exist(fileOrFolder);

    /// <summary>Opens a file, or a folder that is a Parquet model.</summary>
    /// <param name="fileOrFolder">Where it is.</param>
    /// <param name="largestPage">The most bytes that a page may take, as <see cref="ParquetFile.Open"/> understands it.</param>
    /// <exception cref="ModelNotFoundException">There is nothing at this path.</exception>
    /// <exception cref="ModelFormatException">The files are damaged, no model, or contradict each other.</exception>
    public static IModelSource Open(string fileOrFolder, long? largestPage = null)
    {
        string path = System.IO.Path.GetFullPath(fileOrFolder);
        bool isFolder = Directory.Exists(path);
        if (!isFolder && !File.Exists(path))
            throw new ModelNotFoundException($"'{fileOrFolder}' does not exist") { FilePath = fileOrFolder };
        string folder = isFolder ? path : System.IO.Path.GetDirectoryName(path)!;
        if (isFolder && ParquetModelFiles.IsOwnArtefact(folder)) return OwnArtefactSource.Open(path);
        List<string> files = isFolder ? ParquetFailure.Map(path, null, () => ParquetModelFiles.InFolder(path)) : [path];
        if (isFolder) files.ForEach(file => ContainedPath.ThrowIfOutside(path, file, path));
        if (files.Count == 0)
            throw new ModelNotFoundException($"'{fileOrFolder}' holds no Parquet model (*.parquet)") { FilePath = fileOrFolder };

        using ParquetModelOpening opening = new(largestPage);
        if (opening.ReadFiles(files) is not { } rows) return OwnArtefactSource.Open(path);
        IReadOnlyList<StoredTensor> tensors = opening.Interpret(rows);
        ModelDescription description = ParquetFailure.Map(path, null, () => ParquetDescription.Of(folder, rows, opening.Notes));
        return new ParquetModelSource(fileOrFolder, tensors, description, largestPage);
    }

    /// <inheritdoc/>
    public void Read(TensorInfo tensor, long byteOffset, Span<byte> destination)
    {
        if (!_stored.TryGetValue(tensor.Name, out StoredTensor? stored))
            throw new ArgumentException($"tensor '{tensor.Name}' is not one of '{Path}'", nameof(tensor));
        ArgumentOutOfRangeException.ThrowIfNegative(byteOffset);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(byteOffset, stored.Info.ByteLength - destination.Length);
        if (destination.Length == 0) return;
        if (stored.BinPath is null) StoredValues.Copy(stored, _cache.Get(stored), byteOffset, destination);
        else ReadBin(stored, stored.BinPath, byteOffset, destination);
    }

    /// <inheritdoc/>
    public void Dispose() => _cache.Dispose();

    private static void ReadBin(StoredTensor stored, string path, long byteOffset, Span<byte> destination)
    {
        using SafeFileHandle handle = ParquetFailure.Map(path, stored.Info.Name, () => RegularFile.Open(path));
        while (destination.Length > 0)
        {
            int count;
            try
            {
                count = RandomAccess.Read(handle, destination, byteOffset);
            }
            catch (IOException e)
            {
                throw BinError(stored, path, $"cannot be read ({e.Message})", e);
            }

            if (count == 0) throw BinError(stored, path, $"ends at byte {byteOffset}, expected {stored.Expectation}", null);
            byteOffset += count;
            destination = destination[count..];
        }
    }

    private static ModelFormatException BinError(StoredTensor stored, string path, string message, Exception? cause) =>
        ParquetFailure.Error(path, $"{message}; it holds tensor '{stored.Info.Name}'", stored.Info.Name, cause);
}
