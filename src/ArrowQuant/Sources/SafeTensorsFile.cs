using System.Buffers.Binary;
using ArrowQuant.Errors;
using Microsoft.Win32.SafeHandles;

namespace ArrowQuant.Sources;

/// <summary>One safetensors file, open for reading. Thread-safe: reads name their position and share no state.</summary>
internal sealed class SafeTensorsFile : IDisposable
{
    private readonly SafeFileHandle _handle;
    private readonly long _dataOffset;

    private SafeTensorsFile(string path, SafeFileHandle handle, SafeTensorsHeader header, long dataOffset)
    {
        Path = path;
        _handle = handle;
        Header = header;
        _dataOffset = dataOffset;
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>Its header, checked against the file's length.</summary>
    public SafeTensorsHeader Header { get; }

    /// <summary>Opens a file and checks its header.</summary>
    /// <exception cref="ModelNotFoundException">There is no such file.</exception>
    /// <exception cref="ModelFormatException">It is not a complete safetensors file.</exception>
    /// <exception cref="ResourceException">It cannot be read.</exception>
    public static SafeTensorsFile Open(string path)
    {
        SafeFileHandle handle = ModelFile.OpenHandle(path);
        try
        {
            long length = RandomAccess.GetLength(handle);
            if (length < SafeTensorsHeader.PrefixLength)
            {
                throw ModelFault.Of(
                    path, $"the file has {length} bytes, expected at least {SafeTensorsHeader.PrefixLength}; it is truncated");
            }

            Span<byte> prefix = stackalloc byte[SafeTensorsHeader.PrefixLength];
            ModelFile.ReadExactly(handle, path, 0, prefix);
            int headerLength = SafeTensorsHeader.CheckLength(BinaryPrimitives.ReadUInt64LittleEndian(prefix), length, path);
            byte[] json = new byte[headerLength];
            ModelFile.ReadExactly(handle, path, SafeTensorsHeader.PrefixLength, json);
            long dataOffset = SafeTensorsHeader.PrefixLength + headerLength;
            return new SafeTensorsFile(path, handle, SafeTensorsHeader.Parse(json, length - dataOffset, path), dataOffset);
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    /// <summary>Fills <paramref name="destination"/> with bytes of a tensor, from its byte <paramref name="byteOffset"/> on.</summary>
    /// <exception cref="ModelFormatException">The file became shorter than its header says.</exception>
    /// <exception cref="ResourceException">The file cannot be read.</exception>
    public void Read(SafeTensorsEntry entry, long byteOffset, Span<byte> destination) =>
        ModelFile.ReadExactly(_handle, Path, _dataOffset + entry.Begin + byteOffset, destination, entry.Name);

    /// <inheritdoc/>
    public void Dispose() => _handle.Dispose();
}
