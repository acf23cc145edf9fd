using System.Text;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Cli.Demo;

/// <summary>The files that the demo hashes, and how their checksums are written.</summary>
internal sealed record DemoFiles
{
    private const int MostFiles = 500;
    private const long MostBytes = 4L * 1024 * 1024 * 1024;

    /// <summary>Full paths, in order.</summary>
    public required IReadOnlyList<string> Paths { get; init; }

    /// <summary>What was left out, and why; empty where nothing was.</summary>
    public required IReadOnlyList<string> Remarks { get; init; }

    /// <summary>Every readable file of the folder and below it that is not hidden, up to what can be hashed in the time of a demo.</summary>
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
            remarks.Add($"the demo leaves out {Counted.Of(all.Length - readable.Length, "file")} that it cannot read, or whose name is not Unicode");
        }

        var paths = new List<string>();
        long bytes = 0;
        foreach (var path in readable)
        {
            var length = new FileInfo(path).Length;
            if (paths.Count < MostFiles && bytes + length <= MostBytes)
            {
                paths.Add(path);
                bytes += length;
            }
        }

        if (paths.Count < readable.Length)
        {
            remarks.Add($"the demo takes {paths.Count:N0} of {readable.Length:N0} files: at most {MostFiles} and 4 GiB, to end within a minute");
        }

        return new DemoFiles { Paths = paths, Remarks = remarks };
    }

    /// <summary>One line as <c>sha256sum</c> writes it: a backslash in front where the name holds a backslash or a line feed.</summary>
    public static string ChecksumLine(string hash, string path)
    {
        var escaped = path.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
        return $"{(escaped == path ? "" : "\\")}{hash}  {escaped}\n";
    }

    // A name whose bytes are no UTF-8 comes here with replacement characters, and names no file any more.
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
