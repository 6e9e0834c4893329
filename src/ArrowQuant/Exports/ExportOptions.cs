using ArrowQuant.Tensors;

namespace ArrowQuant.Exports;

/// <summary>What to export to, and how. Options of another format have no effect.</summary>
public sealed record ExportOptions
{
    /// <summary>The format.</summary>
    public required ExportFormat Format { get; init; }

    /// <summary>True to replace an earlier export at the output path.</summary>
    public bool Force { get; init; }

    /// <summary>ONNX: the model that was quantized, whose graph the export takes; it is read and never written to.</summary>
    public string? SourcePath { get; init; }

    /// <summary>safetensors: the type of dequantized values and packed scales: F16, BF16 or F32.</summary>
    public ElementType Dtype { get; init; } = ElementType.F16;

    /// <summary>safetensors: how quantized layers are stored.</summary>
    public ExportPacking Packing { get; init; } = ExportPacking.None;

    /// <summary>safetensors: bytes of tensors that one file holds at most, unless a single tensor is larger; 1 or more.</summary>
    public long ShardBytes { get; init; } = 5_000_000_000;

    /// <summary>GGUF: the value of <c>general.architecture</c>; null finds it from the names of the tensors.</summary>
    public string? Architecture { get; init; }

    /// <summary>
    /// GGUF: true to quantize convolution weights as matrices [rows, columns] and tell their shape in
    /// <c>comfy.gguf.orig_shape.NAME</c>, which ComfyUI-GGUF reads and other programs do not. False stores them as F16 in their own shape.
    /// </summary>
    public bool ReshapeConvolutions { get; init; }

    /// <summary>
    /// GGUF: the relative error that a type may add to a layer, as a share of the error that quantizing it made (sqrt of its nmse, taken as
    /// 0.04 at least); 0..1. Errors of different origin add up as squares: a quarter makes the whole 3 % larger. A type that adds more
    /// gives way to the next larger one. Q4_1 of a plain affine INT4 layer may add 5e-4 whatever this is.
    /// </summary>
    public double ErrorShare { get; init; } = 0.25;
}
