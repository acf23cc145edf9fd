namespace Morag.Failover.Cli.Connection;

/// <summary>
/// The bearer token of the calls. From a file, it is read again when a call is refused with 401, so that a rotated token
/// needs no restart.
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

    /// <summary>Throws <see cref="IOException"/> or <see cref="UnauthorizedAccessException"/> where the file cannot be read.</summary>
    public static Token FromFile(string path) => new(File.ReadAllText(path).Trim(), path);

    /// <summary>Whether reading the file again gave another token than <paramref name="refused"/>.</summary>
    public bool Renew(string? refused)
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
            // The file is being replaced just now: the next refusal reads it again.
            return false;
        }

        return current != refused;
    }
}
