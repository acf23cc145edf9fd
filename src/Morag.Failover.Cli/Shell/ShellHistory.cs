using System.Text;
using System.Text.RegularExpressions;

namespace Morag.Failover.Cli.Shell;

/// <summary>
/// The lines that a user has entered in the shell, in a file that only the user can read. A file that cannot be read or written costs the
/// history, never the shell.
/// </summary>
internal sealed partial class ShellHistory
{
    /// <summary>The most lines that are kept.</summary>
    public const int MaxLines = 1000;

    /// <summary>Longer lines are not kept.</summary>
    public const int MaxLineLength = 4096;

    private static readonly TimeSpan LockPatience = TimeSpan.FromMilliseconds(200);

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
        && !NamesToken().IsMatch(Quotes().Replace(line, ""));

    // Quotes can stand anywhere in a word. Rather lose a line than keep a token.
    [GeneratedRegex("[\"'\\\\]", RegexOptions.CultureInvariant)]
    private static partial Regex Quotes();

    [GeneratedRegex("--token(?!-file)", RegexOptions.CultureInvariant)]
    private static partial Regex NamesToken();

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

        // Shells that run at the same time add to one file, which is cut when it is twice as long as what is kept. None of them adds a line
        // while another one cuts.
        using var only = Lock(path + ".lock");
        using (var end = Open(path, FileMode.Append))
        {
            end.Write(Encoding.UTF8.GetBytes(line + "\n"));
        }

        written++;
        if (written < 2 * MaxLines || only is null)
        {
            return;
        }

        // What is in the file, because other shells have added lines too.
        string[] stored = [.. File.ReadAllLines(path, Encoding.UTF8).Where(IsKept).TakeLast(MaxLines)];
        var fresh = $"{path}.{Environment.ProcessId}";
        using (var all = Open(fresh, FileMode.Create))
        {
            all.Write(Encoding.UTF8.GetBytes(string.Join('\n', stored) + "\n"));
        }

        File.Move(fresh, path, overwrite: true);
        written = stored.Length;
    }

    /// <summary>Keeps other shells from cutting the file; null if another one holds the lock for long.</summary>
    private static FileStream? Lock(string path)
    {
        FileStream? held = null;
        _ = SpinWait.SpinUntil(
            () =>
            {
                try
                {
                    held = Open(path, FileMode.OpenOrCreate, FileShare.None);
                }
                catch (IOException)
                {
                    // Another shell has it.
                }

                return held is not null;
            },
            LockPatience);
        return held;
    }

    private static FileStream Open(string path, FileMode mode, FileShare share = FileShare.ReadWrite)
    {
        var options = new FileStreamOptions { Mode = mode, Access = FileAccess.Write, Share = share };
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
