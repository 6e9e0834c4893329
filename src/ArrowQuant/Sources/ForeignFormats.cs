using System.Buffers.Binary;
using ArrowQuant.Errors;

namespace ArrowQuant.Sources;

/// <summary>Tells what a file really is, by its first bytes and then its name, and refuses what ArrowQuant does not read.</summary>
internal static class ForeignFormats
{
    private static readonly string[] PickleExtensions = [".pt", ".pth", ".ckpt", ".bin", ".pkl", ".pickle"];

    private static readonly Dictionary<string, string> OtherExtensions = new(StringComparer.OrdinalIgnoreCase)
    {
        [".gguf"] = "GGUF",
        [".ggml"] = "GGML",
        [".h5"] = "HDF5",
        [".hdf5"] = "HDF5",
        [".keras"] = "Keras",
        [".npz"] = "NumPy",
        [".npy"] = "NumPy",
        [".msgpack"] = "Flax msgpack",
        [".tflite"] = "TensorFlow Lite",
        [".pb"] = "TensorFlow graph",
        [".mlmodel"] = "Core ML",
        [".engine"] = "TensorRT",
    };

    /// <summary>True for the extensions that PyTorch gives to pickle files.</summary>
    public static bool IsPickleName(string path) => PickleExtensions.Contains(Path.GetExtension(path), StringComparer.OrdinalIgnoreCase);

    /// <summary>True for the extension of ONNX files.</summary>
    public static bool IsOnnxName(string path) => HasExtension(path, ".onnx");

    /// <summary>True for files that hold weights in any format, readable or not.</summary>
    public static bool IsWeightName(string path) =>
        IsPickleName(path)
        || OtherExtensions.ContainsKey(Path.GetExtension(path))
        || HasExtension(path, ".safetensors")
        || HasExtension(path, ".parquet")
        || IsOnnxName(path)
        || Path.GetFileName(path).Contains(".safetensors.index.", StringComparison.OrdinalIgnoreCase)
        || path.EndsWith(".bin.index.json", StringComparison.OrdinalIgnoreCase);

    /// <summary>The format of a single file: safetensors, Parquet or ONNX, which has no magic number and goes by its name.</summary>
    /// <exception cref="ModelFormatException">It is a pickle or another format that is not read.</exception>
    public static WeightKind KindOf(string path)
    {
        byte[] head = Head(path, out long length);
        // A truncated safetensors file may begin like a pickle: 0x80 0x02 is also a length of 640.
        bool isNamed = HasExtension(path, ".safetensors") && (head.Length <= SafeTensorsHeader.PrefixLength || HasBrace(head));
        if (isNamed || LooksLikeSafeTensors(head, length)) return WeightKind.SafeTensors;
        if (head.AsSpan().StartsWith("PAR1"u8)) return WeightKind.Parquet;
        if (HasExtension(path, ".npz") || HasExtension(path, ".keras")) throw Refusal(path, OtherExtensions[Path.GetExtension(path)]);
        if (IsPickle(head)) throw PickleRefusal(path);
        if (Magic(head) is { } format) throw Refusal(path, format);
        if (HasExtension(path, ".safetensors")) return WeightKind.SafeTensors;
        if (HasExtension(path, ".parquet")) return WeightKind.Parquet;
        if (IsOnnxName(path)) return WeightKind.Onnx;
        if (IsPickleName(path)) throw PickleRefusal(path);
        if (OtherExtensions.TryGetValue(Path.GetExtension(path), out format)) throw Refusal(path, format);
        string bytes = Convert.ToHexStringLower(head.AsSpan(0, Math.Min(8, head.Length)));
        throw ModelFault.Of(path, $"not a model file (first bytes {bytes}), expected safetensors, Parquet or ONNX");
    }

    /// <summary>The exception for a pickle file.</summary>
    public static ModelFormatException PickleRefusal(string path) => ModelFault.Of(
        path, "a PyTorch pickle file is refused because loading a pickle can run code that it carries, expected safetensors, Parquet or ONNX; "
        + "convert it where you trust it: safetensors.torch.save_file(torch.load(path, weights_only=True), 'model.safetensors')");

    private static ModelFormatException Refusal(string path, string format) => ModelFault.Of(
        path, $"{format} files are not read, expected safetensors, Parquet or ONNX; quantize the model that this file was made from");

    private static bool HasExtension(string path, string extension) => path.EndsWith(extension, StringComparison.OrdinalIgnoreCase);

    private static byte[] Head(string path, out long length)
    {
        using Microsoft.Win32.SafeHandles.SafeFileHandle handle = ModelFile.OpenHandle(path);
        length = RandomAccess.GetLength(handle);
        byte[] head = new byte[Math.Min(16, length)];
        ModelFile.ReadExactly(handle, path, 0, head);
        return head;
    }

    private static bool LooksLikeSafeTensors(ReadOnlySpan<byte> head, long length) =>
        HasBrace(head) && BinaryPrimitives.ReadUInt64LittleEndian(head) <= (ulong)(length - SafeTensorsHeader.PrefixLength);

    private static bool HasBrace(ReadOnlySpan<byte> head) =>
        head.Length > SafeTensorsHeader.PrefixLength && head[SafeTensorsHeader.PrefixLength] == (byte)'{';

    // torch.save writes a zip archive of pickles; before version 1.6 it wrote a bare pickle: opcode PROTO and a protocol of 2 to 5.
    private static bool IsPickle(ReadOnlySpan<byte> head) =>
        head.StartsWith("PK\u0003\u0004"u8) || (head.Length >= 2 && head[0] == 0x80 && head[1] is >= 2 and <= 5);

    private static string? Magic(ReadOnlySpan<byte> head)
    {
        if (head.StartsWith("GGUF"u8)) return "GGUF";
        if (head.StartsWith("lmgg"u8) || head.StartsWith("tjgg"u8) || head.StartsWith("fmgg"u8)) return "GGML";
        if (head.Length >= 8 && head[1..8].SequenceEqual("HDF\r\n\u001a\n"u8)) return "HDF5";
        return head.Length >= 6 && head[1..6].SequenceEqual("NUMPY"u8) ? "NumPy" : null;
    }
}
