using ArrowQuant.Tensors;

namespace ArrowQuant.Pipeline.Planning;

/// <summary>Which dimension of a weight is its output channel.</summary>
internal static class RowAxes
{
    /// <summary>1 for weights of transposed convolutions [in, out, ...] and of GPT-2's Conv1D [in, out]; 0 for all others.</summary>
    /// <param name="name">The tensor's name inside its component.</param>
    /// <param name="shape">Its shape.</param>
    /// <param name="modelType">The model type that the model states, or null.</param>
    public static int Of(string name, TensorShape shape, string? modelType)
    {
        if (shape.Rank >= 3) return IsTransposedConvolution(name) ? 1 : 0;
        return shape.Rank == 2 && string.Equals(modelType, "gpt2", StringComparison.OrdinalIgnoreCase) && IsConv1D(name) ? 1 : 0;
    }

    private static bool IsTransposedConvolution(string name)
    {
        string[] segments = name.ToLowerInvariant().Split('.', '_', '/');
        for (int i = 0; i < segments.Length; i++)
        {
            string segment = segments[i];
            bool isOneWord = segment == "convtr"
                || segment.StartsWith("convtranspose", StringComparison.Ordinal)
                || segment.StartsWith("deconv", StringComparison.Ordinal);
            if (isOneWord) return true;
            if (i == 0) continue;
            string before = segments[i - 1];
            if (IsConvolution(before) && segment.StartsWith("transpose", StringComparison.Ordinal)) return true;
            if (before is "transpose" or "transposed" && IsConvolution(segment)) return true;
        }

        return false;
    }

    private static bool IsConvolution(string segment) => segment is "conv" or "conv1d" or "conv2d" or "conv3d" or "convolution";

    private static bool IsConv1D(string name) => name.Split('.') is [.., "c_attn" or "c_proj" or "c_fc", "weight"];
}
