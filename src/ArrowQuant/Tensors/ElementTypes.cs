namespace ArrowQuant.Tensors;

/// <summary>What is known of each <see cref="ElementType"/>: its size and its names.</summary>
public static class ElementTypes
{
    // type, bits per element, name in safetensors headers, name in artefacts and reports
    private static readonly (ElementType Type, int Bits, string SafeTensorsName, string Name)[] Table =
    [
        (ElementType.F32, 32, "F32", "float32"),
        (ElementType.F16, 16, "F16", "float16"),
        (ElementType.BF16, 16, "BF16", "bfloat16"),
        (ElementType.F8E4M3, 8, "F8_E4M3", "float8_e4m3"),
        (ElementType.F8E5M2, 8, "F8_E5M2", "float8_e5m2"),
        (ElementType.F64, 64, "F64", "float64"),
        (ElementType.I8, 8, "I8", "int8"),
        (ElementType.U8, 8, "U8", "uint8"),
        (ElementType.I16, 16, "I16", "int16"),
        (ElementType.U16, 16, "U16", "uint16"),
        (ElementType.I32, 32, "I32", "int32"),
        (ElementType.U32, 32, "U32", "uint32"),
        (ElementType.I64, 64, "I64", "int64"),
        (ElementType.U64, 64, "U64", "uint64"),
        (ElementType.Bool, 8, "BOOL", "bool"),
        (ElementType.F8E8M0, 8, "F8_E8M0", "float8_e8m0"),
        (ElementType.C64, 64, "C64", "complex64"),
        (ElementType.F6E2M3, 6, "F6_E2M3", "float6_e2m3"),
        (ElementType.F6E3M2, 6, "F6_E3M2", "float6_e3m2"),
        (ElementType.F4, 4, "F4", "float4_e2m1"),
    ];

    /// <summary>Bits per element: 4 to 64.</summary>
    public static int BitSize(this ElementType type) => Table[(int)type].Bits;

    /// <summary>The name in artefacts and reports: <c>float32</c>, <c>bfloat16</c>, ...</summary>
    public static string Name(this ElementType type) => Table[(int)type].Name;

    /// <summary>The name in safetensors headers: <c>F32</c>, <c>F8_E4M3</c>, ...</summary>
    public static string SafeTensorsName(this ElementType type) => Table[(int)type].SafeTensorsName;

    /// <summary>True for floating-point types whose values are weights that can be quantized.</summary>
    public static bool IsWeight(this ElementType type) => type <= ElementType.F64;

    /// <summary>Bytes of <paramref name="count"/> elements; null when they do not fill whole bytes.</summary>
    /// <exception cref="OverflowException">The size does not fit in 63 bits.</exception>
    public static long? ByteLength(this ElementType type, long count)
    {
        Int128 bits = (Int128)count * type.BitSize();
        return bits % 8 == 0 ? checked((long)(bits / 8)) : null;
    }

    /// <summary>Finds the type by its safetensors name, case-sensitive as the format demands.</summary>
    public static bool TryParseSafeTensors(string name, out ElementType type) => TryFind(entry => entry.SafeTensorsName == name, out type);

    /// <summary>Finds the type by the name that artefacts use; a leading <c>torch.</c> of older writers is accepted.</summary>
    public static bool TryParse(string name, out ElementType type)
    {
        string plain = name.StartsWith("torch.", StringComparison.Ordinal) ? name["torch.".Length..] : name;
        return TryFind(entry => entry.Name == plain, out type);
    }

    private static bool TryFind(Predicate<(ElementType Type, int Bits, string SafeTensorsName, string Name)> match, out ElementType type)
    {
        int index = Array.FindIndex(Table, match);
        type = index < 0 ? default : Table[index].Type;
        return index >= 0;
    }
}
