namespace ArrowQuant.Exports;

/// <summary>How quantized layers are stored in safetensors.</summary>
public enum ExportPacking
{
    /// <summary>Dequantized values.</summary>
    None,

    /// <summary>The pack-quantized layout of compressed-tensors where a layer fits it, dequantized values elsewhere.</summary>
    CompressedTensors,
}
