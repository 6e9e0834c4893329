using System.Collections.Concurrent;
using System.Globalization;
using ArrowQuant.Errors;

namespace ArrowQuant.Sources.Onnx;

/// <summary>The files beside an ONNX file that hold values of its initializers. Thread-safe; disposing closes them.</summary>
internal sealed class OnnxExternalFiles(string modelPath) : IDisposable
{
    private readonly string _folder = Path.GetDirectoryName(Path.GetFullPath(modelPath))!;
    private readonly ConcurrentDictionary<string, Lazy<WireFile>> _files = new(StringComparer.Ordinal);

    /// <summary>Where the values of a tensor lie.</summary>
    /// <param name="tensor">A tensor with external data.</param>
    /// <param name="byteLength">How many bytes its shape and type need.</param>
    /// <exception cref="ModelNotFoundException">There is no such file.</exception>
    /// <exception cref="ModelFormatException">The entry leads out of the model's folder, or does not fit the file or the shape.</exception>
    public (WireFile File, WireSpan Span) Locate(OnnxTensor tensor, long byteLength)
    {
        if (!tensor.External!.TryGetValue("location", out string? location))
            throw ModelFault.Of(modelPath, "has external data without a location", tensor.Name);
        // "./file" is a plain name to those who write it.
        string name = location.StartsWith("./", StringComparison.Ordinal) ? location[2..] : location;
        string path = ContainedPath.Resolve(_folder, name, modelPath);
        WireFile file = _files.GetOrAdd(path, p => new Lazy<WireFile>(() => WireFile.Open(p))).Value;
        long offset = NumberOf(tensor, "offset") ?? 0;
        long length = NumberOf(tensor, "length") ?? byteLength;
        if (length != byteLength)
            throw ModelFault.Of(modelPath, $"has {length} bytes of external data, expected {byteLength} for {tensor.Shape}", tensor.Name);
        if (offset > file.Length || length > file.Length - offset)
        {
            throw ModelFault.Of(
                modelPath, $"has its data at bytes {offset}..{(Int128)offset + length} of {Printable.Of(name)}, which has {file.Length}; "
                + "the file is truncated or belongs to another model", tensor.Name);
        }

        return (file, new WireSpan(offset, length));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Lazy<WireFile> file in _files.Values.Where(file => file.IsValueCreated)) file.Value.Dispose();
    }

    private long? NumberOf(OnnxTensor tensor, string key)
    {
        if (!tensor.External!.TryGetValue(key, out string? text)) return null;
        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long value)
            ? value
            : throw ModelFault.Of(modelPath, $"has external data with {key} '{Printable.Of(text)}', expected a number", tensor.Name);
    }
}
