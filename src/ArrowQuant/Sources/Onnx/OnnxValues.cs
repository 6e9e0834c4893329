using System.Buffers.Binary;
using ArrowQuant.Tensors;

namespace ArrowQuant.Sources.Onnx;

/// <summary>The values of one initializer as little-endian bytes, wherever the model keeps them.</summary>
internal sealed class OnnxValues
{
    // Only small constants are written number by number.
    private const long NumbersLimit = 1 << 28;

    private readonly WireFile? _file;
    private readonly WireSpan _span;
    private readonly byte[] _decoded = [];
    private readonly string _name;

    /// <summary>Finds and checks the values.</summary>
    /// <exception cref="Errors.ModelFormatException">They are not as many as shape and type say.</exception>
    /// <exception cref="Errors.ModelNotFoundException">The file that shall hold them does not exist.</exception>
    public OnnxValues(WireFile model, OnnxExternalFiles external, OnnxTensor tensor, ElementType type)
    {
        _name = tensor.Name;
        ByteLength = BytesOf(model, tensor, type);
        if (tensor.External is not null)
        {
            (_file, _span) = external.Locate(tensor, ByteLength);
        }
        else if (tensor.Raw is { } raw)
        {
            (_file, _span) = (model, raw);
        }
        else if (tensor.Numbers is [{ Type: WireType.Bytes } packed] && type is ElementType.F32 or ElementType.F64
            && tensor.Numbers.Count == 1)
        {
            // Packed floats are little-endian values already.
            (_file, _span) = (model, packed.Content);
        }
        else
        {
            _decoded = Decode(model, tensor, type);
            _span = new WireSpan(0, _decoded.Length);
        }

        if (_span.Length == ByteLength) return;
        throw ModelFault.Of(
            model.Path, $"has {_span.Length} bytes of values, expected {ByteLength} for {type.Name()} {tensor.Shape}", tensor.Name);
    }

    /// <summary>The size of the values in bytes.</summary>
    public long ByteLength { get; }

    /// <summary>The file that holds the values; null when they were decoded from separate numbers.</summary>
    public string? FilePath => _file?.Path;

    /// <summary>Fills <paramref name="destination"/> from byte <paramref name="offset"/> of the values on.</summary>
    /// <exception cref="Errors.ModelFormatException">The file became shorter.</exception>
    public void Read(long offset, Span<byte> destination)
    {
        if (_file is null) _decoded.AsSpan((int)offset, destination.Length).CopyTo(destination);
        else _file.Read(_span.Offset + offset, destination, _name);
    }

    private static long BytesOf(WireFile model, OnnxTensor tensor, ElementType type)
    {
        try
        {
            return type.ByteLength(tensor.Shape.ElementCount)
                ?? throw ModelFault.Of(model.Path, $"{type.Name()} {tensor.Shape} does not fill whole bytes", tensor.Name);
        }
        catch (OverflowException e)
        {
            throw ModelFault.Of(model.Path, $"{type.Name()} {tensor.Shape} has more bytes than 63 bits can count", tensor.Name, e);
        }
    }

    // float_data, double_data and int64_data hold values of their own type; int32_data and uint64_data also those of smaller types.
    private byte[] Decode(WireFile model, OnnxTensor tensor, ElementType type)
    {
        if (ByteLength > NumbersLimit)
            throw ModelFault.Of(model.Path, $"has {ByteLength} bytes as separate numbers, expected at most {NumbersLimit}", tensor.Name);
        byte[] values = new byte[ByteLength];
        int size = type.BitSize() / 8;
        int at = 0;
        Span<byte> number = stackalloc byte[sizeof(ulong)];
        foreach (WireField field in tensor.Numbers)
        {
            WireType stored = field.Number switch { 4 => WireType.Fixed32, 10 => WireType.Fixed64, _ => WireType.Varint };
            int width = type == ElementType.C64 ? sizeof(float) : size;
            foreach (ulong value in model.NumbersOf(field, stored))
            {
                if (at + width > values.Length)
                    throw ModelFault.Of(model.Path, $"has more values than {tensor.Shape} has elements", tensor.Name);
                BinaryPrimitives.WriteUInt64LittleEndian(number, value);
                number[..width].CopyTo(values.AsSpan(at));
                at += width;
            }
        }

        return values[..at];
    }
}
