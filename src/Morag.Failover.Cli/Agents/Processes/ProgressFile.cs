using System.Buffers;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Morag.Failover.Client.Workers;

namespace Morag.Failover.Cli.Agents.Processes;

/// <summary>
/// The file to which a command appends its progress, one line for each report. The agent creates it and reads it through its own handle,
/// so whatever the command puts at the path later is not followed. Reading is limited in bytes: of a flood, only the end is read.
/// </summary>
internal sealed class ProgressFile : IDisposable
{
    /// <summary>The most bytes that are read at once, and so the longest line.</summary>
    public const int MaxBytes = 256 * 1024;

    private readonly SafeFileHandle file;
    private readonly Action<string> complain;
    private long position;
    private bool isInsideSkippedLine;

    private ProgressFile(SafeFileHandle file, Action<string> complain)
    {
        this.file = file;
        this.complain = complain;
    }

    /// <summary>Creates the file.</summary>
    /// <param name="path">Where.</param>
    /// <param name="complain">Called for each line that cannot be used, with the reason.</param>
    /// <exception cref="IOException">It cannot be created.</exception>
    /// <exception cref="UnauthorizedAccessException">It cannot be created.</exception>
    public static ProgressFile Create(string path, Action<string> complain)
    {
        // Opened again to read only: on Windows, some programs do not append to a file that another one may write to.
        File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write).Dispose();
        return new(File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete), complain);
    }

    /// <summary>What the lines say that were added since the last call; null if that is nothing.</summary>
    /// <param name="isLast">Whether the command has ended, so that a last line without a line break is complete.</param>
    public ProgressUpdate? ReadNew(bool isLast)
    {
        try
        {
            return Read(isLast);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            complain($"the progress file cannot be read: {failure.Message}");
            return null;
        }
    }

    public void Dispose() => file.Dispose();

    private ProgressUpdate? Read(bool isLast)
    {
        var length = RandomAccess.GetLength(file);
        if (length < position)
        {
            // The command has overwritten the file instead of appending to it.
            (position, isInsideSkippedLine) = (0, false);
        }

        if (length - position > MaxBytes)
        {
            (position, isInsideSkippedLine) = (length - MaxBytes, true);
        }

        if (length == position)
        {
            return null;
        }

        var buffer = ArrayPool<byte>.Shared.Rent((int)(length - position));
        try
        {
            var read = RandomAccess.Read(file, buffer.AsSpan(0, (int)(length - position)), position);
            return ReadLines(buffer.AsSpan(0, read), isLast);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private ProgressUpdate? ReadLines(ReadOnlySpan<byte> added, bool isLast)
    {
        ProgressUpdate? update = null;
        while (added.IndexOf((byte)'\n') is var end && (end >= 0 || (isLast && !added.IsEmpty)))
        {
            var line = end < 0 ? added : added[..end];
            position += end < 0 ? line.Length : end + 1;
            added = added[(end < 0 ? line.Length : end + 1)..];
            if (!isInsideSkippedLine && Parse(line) is { } said)
            {
                update = update?.Then(said) ?? said;
            }

            isInsideSkippedLine = false;
        }

        return update;
    }

    private ProgressUpdate? Parse(ReadOnlySpan<byte> line)
    {
        // Some editors and shells put a byte order mark before what they write.
        var text = Encoding.UTF8.GetString(line).Trim('\uFEFF', ' ', '\t', '\r', '\0');
        if (text.Length == 0)
        {
            return null;
        }

        var parsed = ProgressLine.Parse(text);
        if (parsed.Problem is { } problem)
        {
            complain(problem);
        }

        return parsed.Update;
    }
}
