/**
 * @module
 * The text of a `my.cnf` for one version of the server, every setting with its reason above it.
 */
import { optionName, type ServerPlan, serverSettings } from "./server-settings.ts";

const comment = { "8.0": "MySQL 8.0", "8.4": "MySQL 8.4", "9": "MySQL 9", mariadb: "MariaDB 10.11 or newer" };

/** Where the file goes, by the packages of the server. */
export const placeOfMyCnf = {
  "8.0": "/etc/mysql/conf.d/tenon.cnf",
  "8.4": "/etc/mysql/conf.d/tenon.cnf",
  "9": "/etc/mysql/conf.d/tenon.cnf",
  mariadb: "/etc/mysql/mariadb.conf.d/99-tenon.cnf",
} as const;

export function myCnf(plan: ServerPlan): string {
  const { version, memoryBytes } = plan;
  const lines = serverSettings.flatMap((setting) => {
    const value = setting.value(plan);
    if (value === undefined) return [];
    return ["", ...wrapped(setting.reason), `${optionName(setting, version)} = ${value}`];
  });
  return `# ${comment[version]} for DataJoint, with ${(memoryBytes / 2 ** 30).toFixed(1)} GiB of memory. Written by \`tenon deploy mysql\`.
# It goes to ${placeOfMyCnf[version]} on the server (or is the whole file after --defaults-file). Where data, socket and port
# are is left to the server's package. Check it before a restart: ${version === "mariadb" ? "mariadbd --defaults-file=FILE --help --verbose" : "mysqld --defaults-file=FILE --validate-config"}

[mysqld]
${lines.slice(1).join("\n")}

[client]
# the authority that the server's certificate is checked with
ssl_ca = ${plan.keysFolder}/ca.pem

[mysql]
# a client has a limit of its own, 16M unless told
max_allowed_packet = 1G
default_character_set = utf8mb4

[mysqldump]
max_allowed_packet = 1G
`;
}

function wrapped(text: string): string[] {
  const lines: string[] = [];
  let line = "#";
  for (const word of text.split(" ")) {
    if (line.length + 1 + word.length > 110) {
      lines.push(line);
      line = "#";
    }
    line += ` ${word}`;
  }
  return [...lines, line];
}
