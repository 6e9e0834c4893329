namespace ArrowQuant.Exports.Gguf;

/// <summary>The tensor types of GGUF that are written here; values are those in the file.</summary>
internal enum GgmlType
{
    F32 = 0,
    F16 = 1,

    /// <summary>Blocks of 32: float16 d, float16 m, 4-bit codes; w = d q + m.</summary>
    Q4_1 = 3,

    /// <summary>Blocks of 32: float16 d, signed 8-bit codes; w = d q.</summary>
    Q8_0 = 8,

    /// <summary>
    /// Blocks of 256: 16 pairs of a 4-bit scale and a 4-bit minimum, 2-bit codes, float16 d and dmin; w = d scale q - dmin minimum.
    /// </summary>
    Q2_K = 10,

    I8 = 24,
    I16 = 25,
    I32 = 26,
    I64 = 27,
    F64 = 28,
    BF16 = 30,
}
