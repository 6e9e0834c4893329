using ArrowQuant.Kernels;

namespace ArrowQuant.Tensors;

/// <summary>From the element type that a model names to the encoding that kernels convert.</summary>
internal static class ElementTypeFormats
{
    /// <summary>The encoding of a weight type.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The type is not a weight type (<see cref="ElementTypes.IsWeight"/>).</exception>
    public static FloatFormat FormatOf(ElementType type) => type switch
    {
        ElementType.F32 => FloatFormat.Single,
        ElementType.F16 => FloatFormat.Half,
        ElementType.BF16 => FloatFormat.BFloat16,
        ElementType.F8E4M3 => FloatFormat.E4M3,
        ElementType.F8E5M2 => FloatFormat.E5M2,
        ElementType.F64 => FloatFormat.Double,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "not a floating-point type of weights"),
    };
}
