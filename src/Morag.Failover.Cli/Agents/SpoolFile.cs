using Microsoft.Win32.SafeHandles;

namespace Morag.Failover.Cli.Agents;

/// <summary>The file behind the outbox. What fails leaves it as it was; <see cref="IOException"/> says why.</summary>
internal interface ISpoolFile : IDisposable
{
    /// <summary>In bytes.</summary>
    long Length { get; }

    /// <summary>The lines as they are, without their ends; a last one that was not written to its end is given too.</summary>
    IEnumerable<byte[]> ReadLines();

    /// <summary>Adds a line, which ends with a line feed.</summary>
    void Append(byte[] line);

    /// <summary>Replaces all lines at once: an agent that is killed meanwhile leaves the old ones or the new ones.</summary>
    void Replace(IEnumerable<byte[]> lines);
}

/// <summary>On a disk.</summary>
internal sealed class SpoolFile : ISpoolFile
{
    private readonly string path;
    private SafeFileHandle handle;

    private SpoolFile(string path, SafeFileHandle handle)
    {
        this.path = path;
        this.handle = handle;
        Length = RandomAccess.GetLength(handle);
    }

    public long Length { get; private set; }

    /// <summary>Opens the file, or creates it; throws <see cref="IOException"/>.</summary>
    public static SpoolFile Open(string path) => new(path, OpenHandle(path, FileMode.OpenOrCreate));

    public IEnumerable<byte[]> ReadLines()
    {
        var line = new MemoryStream();
        var buffer = new byte[64 * 1024];
        int read;
        for (var at = 0L; (read = RandomAccess.Read(handle, buffer, at)) > 0; at += read)
        {
            for (var from = 0; from < read;)
            {
                var end = Array.IndexOf(buffer, (byte)'\n', from, read - from);
                line.Write(buffer, from, (end < 0 ? read : end) - from);
                if (end >= 0)
                {
                    yield return line.ToArray();
                    line.SetLength(0);
                }

                from = end < 0 ? read : end + 1;
            }
        }

        if (line.Length > 0)
        {
            yield return line.ToArray();
        }
    }

    public void Append(byte[] line)
    {
        try
        {
            RandomAccess.Write(handle, line, Length);
            Length += line.Length;
        }
        catch (IOException)
        {
            // A full disk took a part of it.
            RandomAccess.SetLength(handle, Length);
            throw;
        }
    }

    public void Replace(IEnumerable<byte[]> lines)
    {
        var fresh = path + ".new";
        var length = 0L;
        SafeFileHandle? written = null;
        try
        {
            foreach (var line in lines)
            {
                written ??= OpenHandle(fresh, FileMode.Create);
                RandomAccess.Write(written, line, length);
                length += line.Length;
            }

            if (written is null)
            {
                // Nothing is left to lose, and this needs no room on the disk.
                RandomAccess.SetLength(handle, 0);
                Length = 0;
                return;
            }

            File.Move(fresh, path, overwrite: true);
            handle.Dispose();
            (handle, Length, written) = (written, length, null);
        }
        finally
        {
            if (written is not null)
            {
                written.Dispose();
                File.Delete(fresh);
            }
        }
    }

    public void Dispose() => handle.Dispose();

    private static SafeFileHandle OpenHandle(string path, FileMode mode) =>
        File.OpenHandle(path, mode, FileAccess.ReadWrite, FileShare.Read | FileShare.Delete);
}
