namespace ArrowQuant.Exports;

/// <summary>What an artefact is exported to.</summary>
public enum ExportFormat
{
    /// <summary>GGUF version 3, as stable-diffusion.cpp, ComfyUI-GGUF and llama.cpp read it.</summary>
    Gguf,

    /// <summary>safetensors, as Hugging Face libraries read it: dequantized, or packed as compressed-tensors.</summary>
    SafeTensors,

    /// <summary>ONNX: the original graph with quantized weights, for ONNX Runtime.</summary>
    Onnx,
}
