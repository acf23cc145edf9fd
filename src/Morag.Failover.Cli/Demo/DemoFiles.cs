using System.Text;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Cli.Demo;

/// <summary>The files that the demo hashes, and the format of their checksums.</summary>
internal sealed record DemoFiles
{
    private const int MaxFiles = 500;
    private const long MaxBytes = 4L * 1024 * 1024 * 1024;

    /// <summary>Full paths in ordinal order.</summary>
    public required IReadOnlyList<string> Paths { get; init; }

    /// <summary>Notes on files that are skipped, with the reason.</summary>
    public required IReadOnlyList<string> Remarks { get; init; }

    /// <summary>Finds the readable files in the folder and its subfolders that are not hidden, up to the demo's limits.</summary>
    public static DemoFiles Find(string folder)
    {
        var all = Directory.EnumerateFiles(Path.GetFullPath(folder), "*", new EnumerationOptions
        {
            RecurseSubdirectories = true,
            IgnoreInaccessible = true,
            AttributesToSkip = FileAttributes.ReparsePoint | FileAttributes.Hidden | FileAttributes.System,
        }).Order(StringComparer.Ordinal).ToArray();

        var remarks = new List<string>();
        var readable = all.Where(IsReadable).ToArray();
        if (readable.Length < all.Length)
        {
            var skipped = Counted.Of(all.Length - readable.Length, "file");
            remarks.Add($"skipping {skipped} that cannot be read or have names that are not Unicode");
        }

        var paths = new List<string>();
        long bytes = 0;
        foreach (var path in readable)
        {
            var length = new FileInfo(path).Length;
            if (paths.Count < MaxFiles && bytes + length <= MaxBytes)
            {
                paths.Add(path);
                bytes += length;
            }
        }

        if (paths.Count < readable.Length)
        {
            remarks.Add(
                $"hashing {paths.Count:N0} of {readable.Length:N0} files; the demo is limited to {MaxFiles} files and 4 GiB, "
                + "to finish within a minute");
        }

        return new DemoFiles { Paths = paths, Remarks = remarks };
    }

    /// <summary>
    /// Formats a line as <c>sha256sum</c> does: if the name contains a backslash or a line feed, it is escaped and the line starts with a
    /// backslash.
    /// </summary>
    public static string ChecksumLine(string hash, string path)
    {
        var escaped = path.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
        return $"{(escaped == path ? "" : "\\")}{hash}  {escaped}\n";
    }

    // A name that is not valid UTF-8 arrives with replacement characters, so it no longer names the file.
    private static bool IsReadable(string path)
    {
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            return Encoding.UTF8.GetByteCount(path) < 32 * 1024;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
