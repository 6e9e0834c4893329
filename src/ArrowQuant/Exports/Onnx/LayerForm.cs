namespace ArrowQuant.Exports.Onnx;

/// <summary>How a layer stands in an exported graph.</summary>
internal enum LayerForm
{
    /// <summary>The nodes become MatMulNBits of com.microsoft, which multiply by the codes.</summary>
    MatMulNBits,

    /// <summary>Nodes in front of the unchanged ones decode the codes into the weight.</summary>
    Decoded,

    /// <summary>A float16 initializer and a Cast.</summary>
    Float16,
}
