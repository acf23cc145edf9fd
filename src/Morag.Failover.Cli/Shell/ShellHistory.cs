using System.Text;

namespace Morag.Failover.Cli.Shell;

/// <summary>
/// The lines that a user has entered in the shell, in a file that only the user can read. A file that cannot be read or written costs the
/// history, never the shell.
/// </summary>
internal sealed class ShellHistory
{
    /// <summary>The most lines that are kept.</summary>
    public const int MaxLines = 1000;

    /// <summary>Longer lines are not kept.</summary>
    public const int MaxLineLength = 4096;

    private readonly List<string> lines = [];
    private readonly string? file;
    private int written;

    /// <param name="file">The file; null keeps the lines in memory.</param>
    public ShellHistory(string? file)
    {
        this.file = file;
        Attempt(() =>
        {
            var stored = file is not null && File.Exists(file) ? File.ReadAllLines(file, Encoding.UTF8) : [];
            written = stored.Length;
            lines.AddRange(stored.Where(IsKept).TakeLast(MaxLines));
        });
    }

    /// <summary>The lines, oldest first.</summary>
    public IReadOnlyList<string> Lines => lines;

    /// <summary>The file in the user's folder for state; null if the user has none.</summary>
    public static string? DefaultFile(Func<string, string?> environment)
    {
        var folder = OperatingSystem.IsWindows()
            ? Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData)
            : environment("XDG_STATE_HOME") is { } state && Path.IsPathRooted(state) ? state
            : environment("HOME") is { Length: > 0 } home ? Path.Combine(home, ".local", "state")
            : "";
        return folder.Length == 0 ? null : Path.Combine(folder, "morag", "history");
    }

    /// <summary>
    /// Adds a line. Lines that begin with a space are not kept, nor are lines with a token, which must not end up in a file.
    /// </summary>
    public void Add(string line)
    {
        if (!IsKept(line) || (lines.Count > 0 && lines[^1] == line))
        {
            return;
        }

        lines.Add(line);
        if (lines.Count > MaxLines)
        {
            lines.RemoveAt(0);
        }

        if (file is not null)
        {
            Attempt(() => Store(file, line));
        }
    }

    private static bool IsKept(string line) =>
        line.Length is > 0 and <= MaxLineLength
        && !char.IsWhiteSpace(line[0])
        && !line.Any(char.IsControl)
        && !line.Split(' ').Any(word => word == "--token" || word.StartsWith("--token=", StringComparison.Ordinal)
            || word.StartsWith("--token:", StringComparison.Ordinal));

    private void Store(string path, string line)
    {
        var folder = Path.GetDirectoryName(path)!;
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(folder);
        }
        else
        {
            Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        // Shells that run at the same time add to one file, which is cut when it is twice as long as what is kept.
        written++;
        if (written < 2 * MaxLines)
        {
            using var end = Open(path, FileMode.Append);
            end.Write(Encoding.UTF8.GetBytes(line + "\n"));
            return;
        }

        var fresh = $"{path}.{Environment.ProcessId}";
        using (var all = Open(fresh, FileMode.Create))
        {
            all.Write(Encoding.UTF8.GetBytes(string.Join('\n', lines) + "\n"));
        }

        File.Move(fresh, path, overwrite: true);
        written = lines.Count;
    }

    private static FileStream Open(string path, FileMode mode)
    {
        var options = new FileStreamOptions { Mode = mode, Access = FileAccess.Write, Share = FileShare.ReadWrite };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        var stream = new FileStream(path, options);
        if (!OperatingSystem.IsWindows())
        {
            // A file from elsewhere may have been open to others.
            File.SetUnixFileMode(stream.SafeFileHandle, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }

        return stream;
    }

    private static void Attempt(Action action)
    {
        try
        {
            action();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            // The lines stay in memory.
        }
    }
}
