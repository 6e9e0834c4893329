using ArrowQuant.Sources.Onnx;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace ArrowQuant.Onnx;

/// <summary>What a model takes.</summary>
internal static class ModelInputs
{
    private static readonly string[] TimestepNames = ["t", "timestep", "timesteps", "time", "time_step", "sigma"];

    /// <summary>The inputs that a caller gives: not those that have a value in the file.</summary>
    public static IReadOnlyList<OnnxValue> Of(OnnxGraph graph)
    {
        HashSet<string> constants = graph.Initializers.Select(tensor => tensor.Name).ToHashSet(StringComparer.Ordinal);
        return [.. graph.Inputs.Where(input => !constants.Contains(input.Name))];
    }

    /// <summary>The input that takes the timestep, or null when there is none.</summary>
    /// <exception cref="Errors.ConfigurationException">There is no input of the name that was given.</exception>
    public static OnnxValue? TimestepOf(IReadOnlyList<OnnxValue> inputs, string? name)
    {
        if (name is null) return inputs.FirstOrDefault(input => TimestepNames.Contains(input.Name, StringComparer.OrdinalIgnoreCase));
        return inputs.FirstOrDefault(input => input.Name == name) ?? throw new Errors.ConfigurationException(
            [$"timestep input: the model has no input {name}; its inputs are {string.Join(", ", inputs.Select(input => input.Name))}"]);
    }

    /// <summary>A value of little-endian numbers.</summary>
    public static OrtValue Create(int dataType, long[] shape, ReadOnlySpan<byte> values)
    {
        OrtValue value = OrtValue.CreateAllocatedTensorValue(OrtAllocator.DefaultInstance, (TensorElementType)dataType, shape);
        values.CopyTo(value.GetTensorMutableRawData());
        return value;
    }

    /// <summary>The same number in every element.</summary>
    public static OrtValue Fill(OnnxValue input, long[] shape, double number)
    {
        int count = (int)shape.Aggregate(1L, (product, size) => product * size);
        return Create(input.DataType, shape, Numbers(input.DataType, Enumerable.Repeat(number, count)));
    }

    /// <summary>Numbers as little-endian values of a type.</summary>
    /// <exception cref="NotSupportedException">The type is none that models take numbers as.</exception>
    public static byte[] Numbers(int dataType, IEnumerable<double> numbers) => (TensorElementType)dataType switch
    {
        TensorElementType.Float => [.. numbers.SelectMany(number => BitConverter.GetBytes((float)number))],
        TensorElementType.Double => [.. numbers.SelectMany(BitConverter.GetBytes)],
        TensorElementType.Float16 => [.. numbers.SelectMany(number => BitConverter.GetBytes((Half)number))],
        TensorElementType.Int64 => [.. numbers.SelectMany(number => BitConverter.GetBytes((long)number))],
        TensorElementType.Int32 => [.. numbers.SelectMany(number => BitConverter.GetBytes((int)number))],
        _ => throw new NotSupportedException($"inputs of type {(TensorElementType)dataType} are not made"),
    };
}
