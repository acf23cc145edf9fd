using System.Text;
using Microsoft.Win32.SafeHandles;
using Morag.Failover.Contracts.Failover;

namespace Morag.Failover.Cli.Agents.Processes;

/// <summary>What a command left at the path of its failure file: a text, or something that cannot be read as one.</summary>
internal sealed record FailureFileContent(string? Text, string? Problem);

/// <summary>
/// Reads and removes failure files. A command may leave anything at the path, by mistake too: reading never waits, never
/// follows a link, and never takes more than <see cref="MaxBytes"/>.
/// </summary>
internal static class FailureFile
{
    public const int MaxBytes = 8 * FailureLimits.MaxErrorMessageBytes;

    /// <summary>Null where there is nothing.</summary>
    public static FailureFileContent? Read(string path)
    {
        try
        {
            // Of a link, these are the link's own.
            var attributes = File.GetAttributes(path);
            return attributes.HasFlag(FileAttributes.ReparsePoint) ? Unreadable("a link")
                : attributes.HasFlag(FileAttributes.Directory) ? Unreadable("a folder")
                : ReadText(path);
        }
        catch (Exception failure) when (failure is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return new FailureFileContent(null, $"which cannot be read ({failure.Message})");
        }
    }

    /// <summary>Removes whatever lies there. Null where nothing is left; else why it could not be removed.</summary>
    public static string? Remove(string path)
    {
        try
        {
            if (Directory.Exists(path) && !File.GetAttributes(path).HasFlag(FileAttributes.ReparsePoint))
            {
                Directory.Delete(path, recursive: true);
            }
            else
            {
                File.Delete(path);
            }

            return null;
        }
        catch (DirectoryNotFoundException)
        {
            return null;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return failure.Message;
        }
    }

    private static FailureFileContent ReadText(string path)
    {
        using var handle = Open(path);
        using var file = new FileStream(handle, FileAccess.Read, bufferSize: 0);
        var bytes = new byte[MaxBytes + 1];
        var length = 0;
        int read;
        while (length < bytes.Length && (read = file.Read(bytes.AsSpan(length))) > 0)
        {
            length += read;
        }

        return length > MaxBytes
            ? Unreadable($"longer than {MaxBytes:N0} bytes")
            : new FailureFileContent(Encoding.UTF8.GetString(bytes, 0, length).TrimStart('\uFEFF'), null);
    }

    // Opening a FIFO waits for a writer unless told not to, which .NET cannot do.
    private static SafeFileHandle Open(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            return File.OpenHandle(path);
        }

        var handle = Posix.Open(path, Posix.OpenReadNonBlockingCloseOnExec);
        return handle >= 0
            ? new SafeFileHandle(handle, ownsHandle: true)
            : throw new IOException(Posix.Describe(System.Runtime.InteropServices.Marshal.GetLastPInvokeError()));
    }

    private static FailureFileContent Unreadable(string what) => new(null, $"that is {what}");
}
