import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { myCnf } from "../../../src/deploy/mysql/my-cnf.ts";
import {
  defaultAccounts,
  experimenterPrivileges,
  roleNames,
  roleOnServer,
  schemaPattern,
} from "../../../src/deploy/mysql/roles.ts";
import { serverSettings } from "../../../src/deploy/mysql/server-settings.ts";
import { kindOfServer, serverVersions } from "../../../src/deploy/mysql/server-version.ts";
import { tableGrants, usersSql } from "../../../src/deploy/mysql/users-sql.ts";

describe("roles", () => {
  it("escape the wildcards of a prefix, so that a neighbour's schemas do not match", () => {
    assert.equal(schemaPattern("my_lab_"), "my\\_lab\\_%");
  });

  it("have names that a server takes, whatever the prefix", () => {
    for (const prefix of ["a_", "mylab_ephys_", "a_very_long_organisation_and_workflow_"])
      for (const role of roleNames) {
        assert.ok(roleOnServer(prefix, role).length <= 32, roleOnServer(prefix, role));
        for (const { name } of defaultAccounts(prefix)) assert.notEqual(name, roleOnServer(prefix, role));
      }
    assert.notEqual(roleOnServer("a_very_long_a_", "worker"), roleOnServer("a_very_long_b_", "worker"));
  });

  it("let an experimenter write manual and lookup tables with their parts, and no results", () => {
    const all = ["INSERT", "UPDATE", "DELETE"];
    for (const table of ["session", "#probe_type", "session__note", "#probe_type__electrode"])
      assert.deepEqual(experimenterPrivileges(table), all, table);
    for (const table of [
      "_ephys_recording",
      "__lfp",
      "_ephys_recording__channel",
      "__lfp__electrode",
      "~jobs",
      "~~lfp",
    ])
      assert.deepEqual(experimenterPrivileges(table), [], table);
    assert.deepEqual(experimenterPrivileges("~external_blobs"), ["INSERT"]);
    const grants = tableGrants(
      "p_",
      new Map([
        ["p_s", ["session", "_x", "o`dd"]],
        ["p_workerlog", ["worker_log", "error_log", "registered_worker"]],
      ]),
    );
    assert.deepEqual(grants, ["GRANT INSERT, UPDATE, DELETE ON `p_s`.`session` TO `p_experimenter_role`;"]);
  });

  it("are written for the words of each server", () => {
    const accounts = [{ name: "ann", role: "guest" as const, password: "Aa1-aaaa" }];
    const text = (version: "9" | "mariadb") => usersSql({ version, prefixes: ["p_"], accounts });
    assert.match(text("9"), /IDENTIFIED WITH caching_sha2_password BY 'Aa1-aaaa' REQUIRE SSL/);
    assert.match(text("9"), /SET DEFAULT ROLE ALL TO 'ann'@'%'/);
    assert.match(text("mariadb"), /SET DEFAULT ROLE `p_guest_role` FOR 'ann'@'%'/);
  });
});

describe("my.cnf", () => {
  it("knows a server by its words", () => {
    const kinds = {
      "8.0.36": "8.0",
      "8.0.11-rds": "8.0",
      "8.1.0": "8.4",
      "8.4.3": "8.4",
      "9.7.4-2": "9",
      "10.0.1": "9",
      "10.11.19-MariaDB-0+deb12u1": "mariadb",
      "5.5.5-11.4.2-MariaDB": "mariadb",
      "10.6.1-MariaDB": undefined,
      "5.7.44": undefined,
    };
    for (const [text, kind] of Object.entries(kinds)) assert.equal(kindOfServer(text), kind, text);
  });

  it("gives every setting with its reason, and names nothing that the version has removed", () => {
    const gone = {
      "8.0": /^symbolic_links|^innodb_log_file_size|ssl_cipher\s*=/m,
      "8.4": /^default_authentication_plugin|^symbolic_links|^innodb_log_file_size|^mysql_native/m,
      "9": /^default_authentication_plugin|^symbolic_links|^innodb_log_file_size|^mysql_native/m,
      mariadb:
        /^innodb_redo_log_capacity|^authentication_policy|^default_authentication_plugin|^mysqlx|^partial_revokes|^secure_file_priv/m,
    };
    for (const version of serverVersions) {
      const plan = { version, memoryBytes: 8 * 2 ** 30, keysFolder: "/keys" };
      const text = myCnf(plan);
      assert.doesNotMatch(text, gone[version]);
      const server = text.slice(text.indexOf("\n[mysqld]"), text.indexOf("\n[client]"));
      for (const block of server.trim().split("\n\n")) {
        const lines = block.split("\n").filter((line) => line !== "[mysqld]");
        assert.match(lines[0]!, /^# /, block);
        assert.match(lines.at(-1)!, /^\w+ = \S/, block);
      }
      for (const { name, value } of serverSettings)
        assert.equal(
          new RegExp(`^(loose_)?${name} = `, "m").test(text),
          value(plan) !== undefined,
          `${version} ${name}`,
        );
    }
  });
});
