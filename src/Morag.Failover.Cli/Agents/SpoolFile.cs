using Microsoft.Win32.SafeHandles;

namespace Morag.Failover.Cli.Agents;

/// <summary>The file of the outbox. A failed write leaves it unchanged and throws <see cref="IOException"/>.</summary>
internal interface ISpoolFile : IDisposable
{
    /// <summary>The length in bytes.</summary>
    long Length { get; }

    /// <summary>The lines without their line feeds, including an incomplete last line.</summary>
    IEnumerable<byte[]> ReadLines();

    /// <summary>Appends a line that ends with a line feed.</summary>
    void Append(byte[] line);

    /// <summary>Replaces all lines atomically: an agent that is killed leaves the old lines or the new ones.</summary>
    void Replace(IEnumerable<byte[]> lines);
}

/// <summary>A spool file on disk.</summary>
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

    /// <summary>Opens or creates the file.</summary>
    /// <exception cref="IOException">The file cannot be opened.</exception>
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
            // Removes the part of the line that a full disk accepted.
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
                // Truncating needs no disk space, and there is nothing left to lose.
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
