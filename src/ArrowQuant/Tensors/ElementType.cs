namespace ArrowQuant.Tensors;

/// <summary>
/// The element types that a model file can hold, named as safetensors names them. The first six are weights that can be quantized;
/// every other type is kept as it is.
/// </summary>
public enum ElementType
{
    /// <summary>IEEE 754 binary32, <c>float32</c>.</summary>
    F32,

    /// <summary>IEEE 754 binary16, <c>float16</c>.</summary>
    F16,

    /// <summary>The upper half of binary32, <c>bfloat16</c>.</summary>
    BF16,

    /// <summary>8-bit float, 4 exponent and 3 mantissa bits, no infinities (OCP FP8 E4M3FN), <c>float8_e4m3</c>.</summary>
    F8E4M3,

    /// <summary>8-bit float, 5 exponent and 2 mantissa bits, IEEE infinities and NaN (OCP FP8 E5M2), <c>float8_e5m2</c>.</summary>
    F8E5M2,

    /// <summary>IEEE 754 binary64, <c>float64</c>.</summary>
    F64,

    /// <summary>Signed 8-bit integer.</summary>
    I8,

    /// <summary>Unsigned 8-bit integer.</summary>
    U8,

    /// <summary>Signed 16-bit integer.</summary>
    I16,

    /// <summary>Unsigned 16-bit integer.</summary>
    U16,

    /// <summary>Signed 32-bit integer.</summary>
    I32,

    /// <summary>Unsigned 32-bit integer.</summary>
    U32,

    /// <summary>Signed 64-bit integer.</summary>
    I64,

    /// <summary>Unsigned 64-bit integer.</summary>
    U64,

    /// <summary>One byte a value, 0 or 1.</summary>
    Bool,

    /// <summary>8-bit power-of-two scale (OCP MX E8M0), <c>float8_e8m0</c>.</summary>
    F8E8M0,

    /// <summary>A pair of binary32 values, <c>complex64</c>.</summary>
    C64,

    /// <summary>6-bit float, 2 exponent and 3 mantissa bits (OCP MX).</summary>
    F6E2M3,

    /// <summary>6-bit float, 3 exponent and 2 mantissa bits (OCP MX).</summary>
    F6E3M2,

    /// <summary>4-bit float, 2 exponent and 1 mantissa bit (OCP MX), two to a byte.</summary>
    F4,
}
