using System.Security.Cryptography;
using StackExchange.Redis;

namespace Morag.Failover.Node.Stores;

/// <summary>Reads connection strings for the connections that the node opens besides those of the journal.</summary>
internal static class RedisOptions
{
    /// <summary>The options of a connection.</summary>
    /// <param name="connectionString">The connection string.</param>
    /// <param name="authority">The file with the certificate of an authority to trust; null or empty for those of the machine.</param>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">This process may not read the file.</exception>
    /// <exception cref="CryptographicException">The file contains no certificate.</exception>
    public static ConfigurationOptions Of(string connectionString, string? authority)
    {
        var options = ConfigurationOptions.Parse(connectionString);
        if (!string.IsNullOrEmpty(authority))
        {
            options.TrustIssuer(authority);
        }

        return options;
    }
}
