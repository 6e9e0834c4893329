namespace ArrowQuant.Sources.Parquet;

/// <summary>
/// Keeps the stored bytes of the rows that were read last, so that reading a tensor block by block, also several tensors at once, reads
/// each row from its file once. Thread-safe.
/// </summary>
/// <param name="largestPage">The most bytes that a page may take, as <see cref="ParquetFile.Open"/> understands it.</param>
internal sealed class StoredValueCache(long? largestPage) : IDisposable
{
    private const long LimitBytes = 256L << 20;

    private readonly Lock _lock = new();
    private readonly DataCursor _cursor = new(largestPage);
    private readonly LinkedList<(StoredTensor Tensor, byte[] Bytes)> _recent = [];
    private bool _disposed;

    /// <summary>The stored bytes of a tensor, of the length that its row must have.</summary>
    public byte[] Get(StoredTensor tensor)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            for (LinkedListNode<(StoredTensor Tensor, byte[] Bytes)>? node = _recent.First; node is not null; node = node.Next)
            {
                if (!ReferenceEquals(node.Value.Tensor, tensor)) continue;
                _recent.Remove(node);
                _recent.AddFirst(node);
                return node.Value.Bytes;
            }

            byte[] bytes = _cursor.Read(tensor.Address, tensor.Info.Name);
            if (bytes.Length != tensor.StoredLength)
            {
                string message = $"holds {bytes.Length} bytes of data for tensor '{tensor.Info.Name}', expected {tensor.Expectation}";
                throw ParquetFailure.Error(tensor.Address.FilePath, message, tensor.Info.Name);
            }

            _recent.AddFirst((tensor, bytes));
            while (_recent.Count > 1 && _recent.Sum(entry => entry.Bytes.LongLength) > LimitBytes) _recent.RemoveLast();
            return bytes;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_lock)
        {
            _disposed = true;
            _recent.Clear();
            _cursor.Dispose();
        }
    }
}
