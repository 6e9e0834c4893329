using System.Runtime.InteropServices;

namespace ArrowQuant.TestKit;

/// <summary>
/// A GGUF file as ggml itself reads it: the library of llama.cpp and stable-diffusion.cpp, from a package. It checks the file when it
/// opens it, and its own functions decode the tensors.
/// </summary>
public sealed partial class GgufReference : IDisposable
{
    private const string Library = "ggml-base";

    private readonly byte[] _file;
    private readonly nint _context;

    /// <summary>Opens a file.</summary>
    /// <exception cref="InvalidDataException">ggml refuses it.</exception>
    public GgufReference(string path)
    {
        _context = Open(path, new InitParameters { NoAlloc = 1 });
        if (_context == 0) throw new InvalidDataException($"{path}: ggml refuses the file");
        _file = File.ReadAllBytes(path);
        for (long i = 0; i < TensorCount(_context); i++)
        {
            string name = Marshal.PtrToStringUTF8(TensorName(_context, i))!;
            long[] sizes = new long[4];
            Marshal.Copy(TensorSizes(_context, i), sizes, 0, sizes.Length);
            int type = TensorType(_context, i);
            Tensors.Add(name, new(i, sizes, Marshal.PtrToStringUTF8(TypeName(type))!, type, checked((long)TensorBytes(_context, i))));
        }
    }

    /// <summary>The tensors by name.</summary>
    public Dictionary<string, GgufReferenceTensor> Tensors { get; } = new(StringComparer.Ordinal);

    /// <summary>The version in the header.</summary>
    public uint Version => VersionOf(_context);

    /// <summary>What offsets are multiples of.</summary>
    public long Alignment => checked((long)AlignmentOf(_context));

    /// <summary>The text of a key.</summary>
    public string Text(string key) => Marshal.PtrToStringUTF8(TextValue(_context, Find(key)))!;

    /// <summary>The number of a key.</summary>
    public uint Number(string key) => NumberValue(_context, Find(key));

    /// <summary>Whether there is a key.</summary>
    public bool Has(string key) => FindKey(_context, key) >= 0;

    /// <summary>The numbers of a key that holds an array of int32.</summary>
    public int[] Numbers(string key)
    {
        long index = Find(key);
        if (ArrayType(_context, index) != 5) throw new InvalidDataException($"{key} is no array of int32");
        int[] values = new int[checked((int)ArrayCount(_context, index))];
        Marshal.Copy(ArrayData(_context, index), values, 0, values.Length);
        return values;
    }

    /// <summary>The bytes of a tensor.</summary>
    public ReadOnlySpan<byte> Bytes(string name)
    {
        GgufReferenceTensor tensor = Tensors[name];
        long start = checked((long)DataOffset(_context) + (long)TensorOffset(_context, tensor.Index));
        return _file.AsSpan(checked((int)start), checked((int)tensor.Bytes));
    }

    /// <summary>The values of a tensor, decoded by ggml.</summary>
    public float[] Decode(string name)
    {
        GgufReferenceTensor tensor = Tensors[name];
        byte[] bytes = Bytes(name).ToArray();
        if (!Validate(tensor.Type, bytes, (nuint)bytes.Length)) throw new InvalidDataException($"{name}: ggml finds the data not valid");
        float[] values = new float[tensor.Sizes.Aggregate(1L, (product, size) => product * size)];
        switch (tensor.TypeName)
        {
            case "f32": Buffer.BlockCopy(bytes, 0, values, 0, bytes.Length); break;
            case "f16": HalfToFloat(bytes, values, values.Length); break;
            case "q4_1": DecodeQ4(bytes, values, values.Length); break;
            case "q8_0": DecodeQ8(bytes, values, values.Length); break;
            case "q2_K": DecodeQ2(bytes, values, values.Length); break;
            default: throw new InvalidDataException($"{name}: no decoder for {tensor.TypeName}");
        }

        return values;
    }

    /// <inheritdoc/>
    public void Dispose() => Free(_context);

    private long Find(string key) =>
        FindKey(_context, key) is >= 0 and long index ? index : throw new InvalidDataException($"no key {key}");

    [LibraryImport(Library, EntryPoint = "gguf_init_from_file", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint Open(string path, InitParameters parameters);

    [LibraryImport(Library, EntryPoint = "gguf_free")]
    private static partial void Free(nint context);

    [LibraryImport(Library, EntryPoint = "gguf_get_version")]
    private static partial uint VersionOf(nint context);

    [LibraryImport(Library, EntryPoint = "gguf_get_alignment")]
    private static partial nuint AlignmentOf(nint context);

    [LibraryImport(Library, EntryPoint = "gguf_get_data_offset")]
    private static partial nuint DataOffset(nint context);

    [LibraryImport(Library, EntryPoint = "gguf_get_n_tensors")]
    private static partial long TensorCount(nint context);

    [LibraryImport(Library, EntryPoint = "gguf_get_tensor_name")]
    private static partial nint TensorName(nint context, long index);

    [LibraryImport(Library, EntryPoint = "gguf_get_tensor_ne")]
    private static partial nint TensorSizes(nint context, long index);

    [LibraryImport(Library, EntryPoint = "gguf_get_tensor_type")]
    private static partial int TensorType(nint context, long index);

    [LibraryImport(Library, EntryPoint = "gguf_get_tensor_size")]
    private static partial nuint TensorBytes(nint context, long index);

    [LibraryImport(Library, EntryPoint = "gguf_get_tensor_offset")]
    private static partial nuint TensorOffset(nint context, long index);

    [LibraryImport(Library, EntryPoint = "gguf_find_key", StringMarshalling = StringMarshalling.Utf8)]
    private static partial long FindKey(nint context, string key);

    [LibraryImport(Library, EntryPoint = "gguf_get_val_str")]
    private static partial nint TextValue(nint context, long key);

    [LibraryImport(Library, EntryPoint = "gguf_get_val_u32")]
    private static partial uint NumberValue(nint context, long key);

    [LibraryImport(Library, EntryPoint = "gguf_get_arr_type")]
    private static partial int ArrayType(nint context, long key);

    [LibraryImport(Library, EntryPoint = "gguf_get_arr_n")]
    private static partial nuint ArrayCount(nint context, long key);

    [LibraryImport(Library, EntryPoint = "gguf_get_arr_data")]
    private static partial nint ArrayData(nint context, long key);

    [LibraryImport(Library, EntryPoint = "ggml_type_name")]
    private static partial nint TypeName(int type);

    [LibraryImport(Library, EntryPoint = "ggml_validate_row_data")]
    [return: MarshalAs(UnmanagedType.I1)]
    private static partial bool Validate(int type, byte[] data, nuint bytes);

    [LibraryImport(Library, EntryPoint = "ggml_fp16_to_fp32_row")]
    private static partial void HalfToFloat(byte[] source, float[] target, long count);

    [LibraryImport(Library, EntryPoint = "dequantize_row_q4_1")]
    private static partial void DecodeQ4(byte[] source, float[] target, long count);

    [LibraryImport(Library, EntryPoint = "dequantize_row_q8_0")]
    private static partial void DecodeQ8(byte[] source, float[] target, long count);

    [LibraryImport(Library, EntryPoint = "dequantize_row_q2_K")]
    private static partial void DecodeQ2(byte[] source, float[] target, long count);

    [StructLayout(LayoutKind.Sequential)]
    private struct InitParameters
    {
        public byte NoAlloc;
        public nint Context;
    }
}

/// <summary>A tensor of a <see cref="GgufReference"/>.</summary>
/// <param name="Index">Its number in the file.</param>
/// <param name="Sizes">Its four dimensions, innermost first; 1 where it has fewer.</param>
/// <param name="TypeName">Its type as ggml calls it: <c>f32</c>, <c>q4_1</c>, ...</param>
/// <param name="Type">The number of the type.</param>
/// <param name="Bytes">Bytes of its data.</param>
public sealed record GgufReferenceTensor(long Index, long[] Sizes, string TypeName, int Type, long Bytes);
