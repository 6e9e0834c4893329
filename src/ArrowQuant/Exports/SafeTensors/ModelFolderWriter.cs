using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using ArrowQuant.Storage;
using ArrowQuant.Tensors;

namespace ArrowQuant.Exports.SafeTensors;

/// <summary>
/// Writes the weights of one folder: shards and their index. Which tensor goes where is known before anything is written.
/// </summary>
internal sealed class ModelFolderWriter
{
    private readonly ExportJob _job;
    private readonly string _folder;
    private readonly ModelFolderNames _names;
    private readonly List<List<StoredLayer>> _shards;

    public ModelFolderWriter(ExportJob job, string folder, ModelFolderNames names, IReadOnlyList<StoredLayer> layers)
    {
        _job = job;
        _folder = folder;
        _names = names;
        _shards = Cut(layers, job.Options);
    }

    /// <summary>Writes every shard and, when there are several, their index.</summary>
    /// <returns>The file that holds each tensor of the artefact.</returns>
    public IReadOnlyDictionary<StoredLayer, string> Write()
    {
        Dictionary<StoredLayer, string> files = [];
        for (int i = 0; i < _shards.Count; i++)
        {
            string path = Path.Combine(_folder, _names.Shard(i + 1, _shards.Count));
            using ShardFileWriter file = new(path, _shards[i].SelectMany(TargetsOf));
            foreach (StoredLayer layer in _shards[i])
            {
                Write(file, layer);
                files.Add(layer, path);
            }
        }

        if (_shards.Count > 1) WriteIndex();
        return files;
    }

    private static List<List<StoredLayer>> Cut(IReadOnlyList<StoredLayer> layers, ExportOptions options)
    {
        List<List<StoredLayer>> shards = [[]];
        long held = 0;
        foreach (StoredLayer layer in layers)
        {
            long bytes = TargetTensor.Of(layer, options).Sum(target => target.Bytes);
            if (held > 0 && held + bytes > options.ShardBytes)
            {
                shards.Add([]);
                held = 0;
            }

            shards[^1].Add(layer);
            held += bytes;
        }

        return shards;
    }

    private IReadOnlyList<TargetTensor> TargetsOf(StoredLayer layer) => TargetTensor.Of(layer, _job.Options);

    private void Write(ShardFileWriter file, StoredLayer layer)
    {
        IReadOnlyList<TargetTensor> targets = TargetsOf(layer);
        if (targets.Count > 1) WritePacked(file, layer);
        else if (layer.IsKept) WriteKept(file, layer, targets[0]);
        else WriteValues(file, layer, targets[0]);
    }

    private void WriteKept(ShardFileWriter file, StoredLayer layer, TargetTensor target)
    {
        long offset = 0;
        for (int i = 0; i < layer.Blocks.Count; i++)
        {
            _job.CancellationToken.ThrowIfCancellationRequested();
            byte[] values = _job.Artefact.ReadKept(layer, i);
            file.Write(target, offset, values);
            offset += values.Length;
        }
    }

    private void WriteValues(ShardFileWriter file, StoredLayer layer, TargetTensor target)
    {
        long offset = 0;
        foreach (WeightPiece piece in WeightPiece.Of(_job.Artefact, layer, _job.CancellationToken))
        {
            byte[] values = FloatBytes.Of(target.Type, piece.Values);
            file.Write(target, offset, values);
            offset += values.Length;
        }
    }

    private void WritePacked(ShardFileWriter file, StoredLayer layer)
    {
        PackedLayer packed = PackedLayer.Of(layer, _job.Options.Dtype);
        byte[] zeroPoints = new byte[packed.ZeroPoint.Bytes];
        long wordOffset = 0, scaleOffset = 0;
        for (int i = 0; i < layer.Blocks.Count; i++)
        {
            _job.CancellationToken.ThrowIfCancellationRequested();
            QuantizedBlock block = _job.Artefact.ReadBlock(layer, i);
            byte[] words = packed.PackRows(block);
            byte[] scales = FloatBytes.Of(packed.Scale.Type, block.Scales);
            file.Write(packed.Packed, wordOffset, words);
            file.Write(packed.Scale, scaleOffset, scales);
            packed.PackZeroPoints(block, zeroPoints);
            wordOffset += words.Length;
            scaleOffset += scales.Length;
        }

        file.Write(packed.ZeroPoint, 0, zeroPoints);
        file.Write(packed.Shape, 0, PackedLayer.ShapeBytes(layer));
    }

    private void WriteIndex()
    {
        JsonObject map = [];
        long total = 0;
        for (int i = 0; i < _shards.Count; i++)
        {
            foreach (TargetTensor target in _shards[i].SelectMany(TargetsOf))
            {
                map.Add(target.Name, _names.Shard(i + 1, _shards.Count));
                total += target.Bytes;
            }
        }

        JsonObject index = new() { ["metadata"] = new JsonObject { ["total_size"] = total }, ["weight_map"] = map };
        File.WriteAllText(Path.Combine(_folder, _names.Index), JsonText.Of(index), new UTF8Encoding(false));
    }
}
