using ArrowQuant.Sources.Onnx;
using ArrowQuant.Storage;

namespace ArrowQuant.Exports.Onnx;

/// <summary>A quantized layer and how it was written: what decoding the export needs.</summary>
/// <param name="Stored">The layer in the artefact.</param>
/// <param name="Source">The initializer that it was.</param>
/// <param name="Form">How it stands in the graph.</param>
/// <param name="Codes">The name of the initializer with the codes, or with the float16 values.</param>
/// <param name="Scales">The name of the scales or levels; empty for float16.</param>
/// <param name="ZeroPoints">The name of the zero points, or empty.</param>
/// <param name="Equalization">The name of the factors of the columns, or empty.</param>
/// <param name="GroupSize">Columns in a group of the export.</param>
internal sealed record ExportedLayer(
    StoredLayer Stored,
    OnnxLayer Source,
    LayerForm Form,
    string Codes,
    string Scales = "",
    string ZeroPoints = "",
    string Equalization = "",
    int GroupSize = 0);
