using System.Text;
using Microsoft.Win32.SafeHandles;
using Morag.Failover.Contracts.Failover;

namespace Morag.Failover.Cli.Agents.Processes;

/// <summary>What a command left at the path of its failure file: a text, or the reason why it cannot be read.</summary>
internal sealed record FailureFileContent(string? Text, string? Problem);

/// <summary>
/// Reads and removes failure files. A command may leave anything at the path, so reading never blocks, follows no link, and stops at
/// <see cref="MaxBytes"/>.
/// </summary>
internal static class FailureFile
{
    public const int MaxBytes = 8 * FailureLimits.MaxErrorMessageBytes;

    /// <summary>Reads the failure file; null if there is none.</summary>
    public static FailureFileContent? Read(string path)
    {
        try
        {
            // For a link, these are the attributes of the link itself.
            var attributes = File.GetAttributes(path);
            return attributes.HasFlag(FileAttributes.ReparsePoint) ? Unreadable("is a link")
                : attributes.HasFlag(FileAttributes.Directory) ? Unreadable("is a folder")
                : ReadText(path);
        }
        catch (Exception failure) when (failure is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return new FailureFileContent(null, $"cannot be read ({failure.Message})");
        }
    }

    /// <summary>Removes whatever is at the path. Returns null, or the reason why it cannot be removed.</summary>
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
            ? Unreadable($"is longer than {MaxBytes:N0} bytes")
            : new FailureFileContent(Encoding.UTF8.GetString(bytes, 0, length).TrimStart('\uFEFF'), null);
    }

    // Opening a FIFO blocks until it has a writer, unless O_NONBLOCK is set, which .NET does not offer.
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

    private static FailureFileContent Unreadable(string problem) => new(null, problem);
}
