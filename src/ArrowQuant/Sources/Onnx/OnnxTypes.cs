using ArrowQuant.Tensors;

namespace ArrowQuant.Sources.Onnx;

/// <summary>TensorProto.DataType and our names of the same types.</summary>
internal static class OnnxTypes
{
    /// <summary>FLOAT.</summary>
    public const int Float = 1;

    /// <summary>UINT8.</summary>
    public const int UInt8 = 2;

    /// <summary>INT32.</summary>
    public const int Int32 = 6;

    /// <summary>INT64.</summary>
    public const int Int64 = 7;

    /// <summary>FLOAT16.</summary>
    public const int Float16 = 10;

    private static readonly (int DataType, ElementType Type)[] Table =
    [
        (Float, ElementType.F32), (Float16, ElementType.F16), (16, ElementType.BF16), (11, ElementType.F64),
        (17, ElementType.F8E4M3), (19, ElementType.F8E5M2), (24, ElementType.F8E8M0), (9, ElementType.Bool),
        (3, ElementType.I8), (UInt8, ElementType.U8), (5, ElementType.I16), (4, ElementType.U16),
        (Int32, ElementType.I32), (12, ElementType.U32), (Int64, ElementType.I64), (13, ElementType.U64), (14, ElementType.C64),
    ];

    /// <summary>The element type, or null for one that has none of ours (strings, 4-bit integers, ...).</summary>
    public static ElementType? Of(int dataType)
    {
        foreach ((int number, ElementType type) in Table)
        {
            if (number == dataType) return type;
        }

        return null;
    }

    /// <summary>TensorProto.DataType of an element type.</summary>
    /// <exception cref="ArgumentException">ONNX has no such type.</exception>
    public static int NumberOf(ElementType type)
    {
        foreach ((int number, ElementType known) in Table)
        {
            if (known == type) return number;
        }

        throw new ArgumentException($"ONNX has no {type.Name()}", nameof(type));
    }
}
