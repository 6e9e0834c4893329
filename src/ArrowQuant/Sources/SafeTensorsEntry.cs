using ArrowQuant.Tensors;

namespace ArrowQuant.Sources;

/// <summary>One tensor of a safetensors header.</summary>
/// <param name="Name">The name, unchanged.</param>
/// <param name="ElementType">The type of the values.</param>
/// <param name="Shape">The dimensions; none is a scalar.</param>
/// <param name="Begin">First byte of the values, counted from the end of the header.</param>
/// <param name="End">One past the last byte.</param>
internal sealed record SafeTensorsEntry(string Name, ElementType ElementType, TensorShape Shape, long Begin, long End);
