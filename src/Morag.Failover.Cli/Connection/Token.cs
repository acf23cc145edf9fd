namespace Morag.Failover.Cli.Connection;

/// <summary>
/// The bearer token of the calls. A token from a file is read again when the node rejects it, so that a rotated token needs no restart.
/// </summary>
internal sealed class Token
{
    private readonly string? file;
    private volatile string? current;

    private Token(string? value, string? file)
    {
        current = value;
        this.file = file;
    }

    public static Token None { get; } = new(null, null);

    public string? Current => current;

    public static Token Fixed(string value) => new(value, null);

    /// <summary>Reads the token from a file.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">This process may not read the file.</exception>
    public static Token FromFile(string path) => new(File.ReadAllText(path).Trim(), path);

    /// <summary>Reads the file again. Returns whether it has another token than <paramref name="rejected"/>.</summary>
    public bool Renew(string? rejected)
    {
        if (file is null)
        {
            return false;
        }

        try
        {
            current = File.ReadAllText(file).Trim();
        }
        catch (IOException)
        {
            // The file is being replaced. The next rejected call reads it again.
            return false;
        }

        return current != rejected;
    }
}
